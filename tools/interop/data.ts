// Arrow tables there and back: ours are read by pyarrow, Polars and DuckDB, each writes them again, and what it wrote is read here.
// usage: npm run interop -- --python PYTHON      an interpreter with pyarrow, polars and duckdb
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as data from '@expctr/data';
import { toolArguments, wrongUse } from '../common/arguments.js';
import { printed } from '../common/scripts.js';
import { someEmbeddings, someExplanations, worldTables } from './tables.js';

type Table = Awaited<ReturnType<typeof data.readTable>>;

/** How a table is read back, and what must come of it. */
interface RoundTrip {
  readonly read: (table: Table) => object;
  readonly expected: object;
}

const { values } = toolArguments({ python: { type: 'string' } });
const { python = wrongUse('no --python is given') } = values;
const folder = await mkdtemp(join(tmpdir(), 'expctr-interop-'));
try {
  const dataset = data.prepareTables(worldTables(), { dataset: 'interop', data: { label: 'implicit', kCore: 0 } });
  await data.writeDataset(folder, dataset);
  const [embeddings, explanations] = [someEmbeddings(), someExplanations()];
  const embeddingsTable = data.embeddingsToTable(embeddings);
  await data.writeTable(join(folder, 'embeddings.arrow'), embeddingsTable);
  await data.writeTable(join(folder, 'explanations.arrow'), data.explanationsToTable(explanations));

  process.stdout.write(await printed([python, join(import.meta.dirname, 'data_round_trip.py')], folder));

  const { itemIds, userIds } = dataset.interactions;
  const trips: Record<string, RoundTrip> = {
    interactions: {
      read: (table) => inOrder(data.interactionsFromTable(table), dataset.interactions),
      expected: dataset.interactions,
    },
    items: { read: (table) => data.itemsFromTable(table, itemIds), expected: dataset.items },
    users: { read: (table) => data.usersFromTable(table, userIds), expected: dataset.users },
    embeddings: { read: data.embeddingsFromTable, expected: embeddings },
    explanations: { read: data.explanationsFromTable, expected: explanations },
  };
  let failed = false;
  for (const library of ['pyarrow', 'polars', 'duckdb', 'pandas']) {
    const results: string[] = [];
    for (const [name, { read, expected }] of Object.entries(trips)) {
      let table = await data.readTable(join(folder, library, `${name}.arrow`));
      // a pandas user's types, and no metadata
      if (library === 'pandas') {
        table = data.migrateTable(table, `${name}/1` as data.SchemaName).table;
        if (name === 'embeddings') embeddingsTable.schema.metadata.forEach((value, key) => table.schema.metadata.set(key, value));
      }
      const back = read(table);
      const different = differences(back, expected);
      results.push(different.length > 0 ? `${name} DIFFER in ${different.join()}` : `${name} (${table.numRows} rows)`);
      failed ||= different.length > 0;
    }
    console.log(`${library} -> here: ${results.join(', ')}`);
  }
  console.log(failed ? 'NOT all tables came back as they were' : 'all tables came back as they were');
  process.exitCode = failed ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Names of the columns that are not the same. */
function differences(back: object, expected: object): string[] {
  const [a, b] = [new Map<string, unknown>(Object.entries(back)), new Map<string, unknown>(Object.entries(expected))];
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => !isDeepStrictEqual(a.get(key), b.get(key)));
}

/** Libraries that write ids as plain text give them codes in order of appearance: the same rows with other codes. */
function inOrder(back: data.Interactions, { userIds, itemIds }: data.Interactions): data.Interactions {
  const recode = (codes: Int32Array, from: readonly string[], to: readonly string[]): Int32Array => {
    const codeOf = new Map(to.map((id, code) => [id, code]));
    return codes.map((code) => codeOf.get(from[code]!)!);
  };
  return { ...back, user: recode(back.user, back.userIds, userIds), item: recode(back.item, back.itemIds, itemIds), userIds, itemIds };
}
