import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createTableCheck,
  defaultExplanationTemplate,
  defaultLcTemplate,
  loadTemplate,
  openTable,
  interactionsFromTable,
  prepareIntoFolder,
  readDataset,
  readTable,
  SCHEMA_NAMES,
  validateTable,
  type SchemaName,
} from '@expctr/data';
import { filesIn } from '../bytes.js';
import { promise, type Files, type Target } from '../target.js';

/** A small prepared dataset, as the files of its folder. */
export async function preparedFiles(folder: string): Promise<Files> {
  const from = join(folder, 'from');
  mkdirSync(from, { recursive: true });
  const rows = Array.from(
    { length: 48 },
    (_, at) => `u${at % 4},i${Math.floor(at / 4)},${1 + ((at * 7) % 5)},${1260759144 + 60 * at},T${Math.floor(at / 4)},x|y,${at % 9}`,
  );
  writeFileSync(join(from, 'x.csv'), ['u,i,r,t,title,tags,price', ...rows, ''].join('\n'));
  const table = { user: 'u', item: 'i', rating: 'r', time: 't', texts: ['title'], features: ['tags'], numbers: [] };
  await prepareIntoFolder(join(folder, 'data'), { dataset: 'table', dataDir: from, data: { kCore: 2, history: { length: 3 }, table } });
  return filesIn(join(folder, 'data'));
}

async function tableSamples(folder: string): Promise<Files[]> {
  const files = await preparedFiles(folder);
  return Object.entries(files).flatMap(([name, bytes]) => (name.endsWith('.arrow') ? [{ 'x.arrow': bytes }] : []));
}

/** Readers of Arrow tables of our schemas, of a prepared dataset and of templates. */
export const tablesTargets: readonly Target[] = [
  {
    name: 'arrow-table',
    description: 'Arrow files of our schemas, whole',
    samples: tableSamples,
    async read(folder) {
      const table = await readTable(join(folder, 'x.arrow'));
      for (const [at, { type }] of table.schema.fields.entries()) {
        if (String(type).startsWith('Timestamp')) continue; // apache-arrow gives no times beyond 2^53; our readers take them from its memory
        for (const value of table.getChildAt(at) ?? []) promise(value !== undefined, 'a column has all of its rows');
      }
      const name = table.schema.metadata.get('expctr.schema') as SchemaName;
      if (SCHEMA_NAMES.includes(name)) validateTable(table, name);
      if (name === 'interactions/1') interactionsFromTable(table);
    },
  },
  {
    name: 'arrow-batches',
    description: 'Arrow files, batch by batch',
    samples: tableSamples,
    async read(folder) {
      const file = await openTable(join(folder, 'x.arrow'));
      try {
        const name = file.schema.metadata.get('expctr.schema') as SchemaName;
        const check = SCHEMA_NAMES.includes(name) ? createTableCheck(name) : undefined;
        for await (const part of file.batches()) check?.add(part);
      } finally {
        await file.close();
      }
    },
  },
  {
    name: 'dataset',
    description: 'a prepared dataset',
    samples: async (folder) => [await preparedFiles(folder)],
    changes: (file) => !file.endsWith('.html'),
    async read(folder) {
      const { interactions, items } = await readDataset(folder);
      promise(
        interactions.user.every((code) => interactions.userIds[code] !== undefined),
        'users have ids',
      );
      promise(
        items.length === interactions.itemIds.length && interactions.history.every((row) => row < interactions.length),
        'items and histories are there',
      );
    },
  },
  {
    name: 'template',
    description: 'prompt templates',
    samples: () =>
      Promise.resolve([
        {
          'explanation.json': Buffer.from(JSON.stringify(defaultExplanationTemplate)),
          'lc.json': Buffer.from(JSON.stringify(defaultLcTemplate)),
        },
      ]),
    async read(folder) {
      await loadTemplate(join(folder, 'explanation.json'), 'explanation');
      await loadTemplate(join(folder, 'lc.json'), 'lc');
    },
  },
];
