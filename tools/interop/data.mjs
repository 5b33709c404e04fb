// Arrow tables there and back: ours are read by pyarrow, Polars and DuckDB, each writes them again, and what it wrote is read here.
// usage: npm run interop -- --python PYTHON      an interpreter with pyarrow, polars and duckdb
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import * as data from '@expctr/data';

const { values } = parseArgs({ options: { python: { type: 'string' } } });
if (values.python === undefined) {
  process.stderr.write('usage: npm run interop -- --python PYTHON\n');
  process.exit(2);
}

/** Interactions with ties, other alphabets, nulls; more rows than a record batch holds. */
function worldTables(users = 700, items = 110) {
  const length = users * items;
  const row = (make) => Array.from({ length }, (_, i) => make(i % users, Math.floor(i / users), i));
  return {
    ratings: {
      length,
      user: Int32Array.from(row((user) => user)),
      item: Int32Array.from(row((_, item) => item)),
      userIds: Array.from({ length: users }, (_, user) => `użytkownik ${user}`),
      itemIds: Array.from({ length: items }, (_, item) => `本${item}`),
      rating: Float32Array.from(row((user, item) => 1 + ((user + item) % 9) / 2)),
      timestamp: Float64Array.from(row((user, item) => Date.UTC(1999, 0, 1) + (item - (item % 3)) * 86_400_123 + user)),
    },
    items: {
      itemIds: Array.from({ length: items }, (_, item) => `本${item}`),
      title: Array.from({ length: items }, (_, item) => (item === 0 ? '' : `Titre “${item}”, l'été 🎬`)),
      attributes: { genres: Array.from({ length: items }, (_, item) => ['Drama', 'Žánr', 'War'].slice(0, item % 4)) },
      numbers: { price: Float32Array.from({ length: items }, (_, item) => (item % 7 === 0 ? NaN : item / 4)) },
      year: Float32Array.from({ length: items }, (_, item) => (item % 5 === 0 ? NaN : 1950 + item)),
    },
    files: [],
    notes: [],
  };
}

const folder = await mkdtemp(join(tmpdir(), 'expctr-interop-'));
try {
  const dataset = data.prepareTables(worldTables(), { dataset: 'interop', data: { label: 'implicit', kCore: 0 } });
  await data.writeDataset(folder, dataset);
  const length = 70_000;
  const embeddings = {
    length,
    interactionId: Uint32Array.from({ length }, (_, i) => i),
    dimension: 5,
    values: Float32Array.from({ length: 5 * length }, (_, i) => Math.fround(Math.sin(i))),
    encoder: 'sinus',
    normalized: false,
  };
  const explanations = data.explanationsFromRows(
    Array.from({ length: 9 }, (_, i) => ({
      interactionId: i,
      iteration: i % 2,
      stage: 'stage1',
      explanation: `они любят ${i}\n"да"`,
      read: '',
      tokenCount: i,
      finishReason: i % 2 === 0 ? 'stop' : 'length',
      rewards: { lc: i % 3 === 0 ? null : i / 8 },
    })),
  );
  await data.writeTable(join(folder, 'embeddings.arrow'), data.embeddingsToTable(embeddings));
  await data.writeTable(join(folder, 'explanations.arrow'), data.explanationsToTable(explanations));

  process.stdout.write(
    execFileSync(values.python, [join(import.meta.dirname, 'data_round_trip.py'), folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );

  const expected = { interactions: dataset.interactions, items: dataset.items, users: dataset.users, embeddings, explanations };
  const { itemIds, userIds } = dataset.interactions;
  const readers = {
    interactions: (table) => inOrder(data.interactionsFromTable(table), dataset.interactions),
    items: (table) => data.itemsFromTable(table, itemIds),
    users: (table) => data.usersFromTable(table, userIds),
    embeddings: data.embeddingsFromTable,
    explanations: data.explanationsFromTable,
  };
  const asItIs = (table) => table;
  const migrated = (table, name) => data.migrateTable(table, `${name}/1`).table; // a pandas user's types, and no metadata
  let failed = false;
  for (const [library, prepare] of Object.entries({ pyarrow: asItIs, polars: asItIs, duckdb: asItIs, pandas: migrated })) {
    const results = [];
    for (const [name, read] of Object.entries(readers)) {
      const table = prepare(await data.readTable(join(folder, library, `${name}.arrow`)), name);
      if (library === 'pandas' && name === 'embeddings')
        for (const [key, value] of metadataOf(embeddings)) table.schema.metadata.set(key, value);
      const back = read(table);
      const same = isDeepStrictEqual(back, expected[name]);
      if (!same) results.push(`${name} DIFFER in ${Object.keys(back).filter((key) => !isDeepStrictEqual(back[key], expected[name][key]))}`);
      else results.push(`${name} (${back.length} rows)`);
      failed ||= !same;
    }
    console.log(`${library} -> here: ${results.join(', ')}`);
  }
  console.log(failed ? 'NOT all tables came back as they were' : 'all tables came back as they were');
  process.exitCode = failed ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** What embeddings/1 says beside its columns. */
function metadataOf(embeddings) {
  return data.embeddingsToTable(embeddings).schema.metadata;
}

/** Libraries that write ids as plain text give them codes in order of appearance: the same rows with other codes. */
function inOrder(back, { userIds, itemIds }) {
  const recode = (codes, from, to) => {
    const codeOf = new Map(to.map((id, code) => [id, code]));
    return codes.map((code) => codeOf.get(from[code]));
  };
  return { ...back, user: recode(back.user, back.userIds, userIds), item: recode(back.item, back.itemIds, itemIds), userIds, itemIds };
}
