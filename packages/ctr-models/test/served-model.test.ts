import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildFeatures, encodeFeatures, fitCtr, interactionColumns, readOnnxSchema } from '../src/index.js';
import { codeOf, smallWorld } from './world.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctr-models-served-'));
  await useOnnx();
});
afterAll(() => rm(folder, { recursive: true }));

const { interactions, items } = smallWorld(createRng(3), { users: 6, items: 12, perUser: 10 });
const features = buildFeatures({ interactions, items, evidence: true, events: true });

test('an exported file says its own schema, and a file that does not is refused', async () => {
  const half = Math.floor(features.length / 2);
  const model = await fitCtr({
    backbone: 'logistic-regression',
    train: features,
    valid: features,
    options: { epochs: 1, batchSize: half },
    rng: createRng(1),
  });
  const path = join(folder, 'model.onnx');
  await model.exportOnnx(path);
  await model.dispose();
  expect(await readOnnxSchema(path)).toEqual(model.schema);
  const bytes = await readFile(path);
  for (const [name, damaged] of [
    ['cut', bytes.subarray(0, bytes.length >> 1)],
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('no model at all')],
    ['renamed', Buffer.from(bytes.toString('latin1').replace('expctr.schema', 'expctr.schemo'), 'latin1')],
    ['version', Buffer.from(bytes.toString('latin1').replace('features/1', 'features/9'), 'latin1')],
  ] as const) {
    await writeFile(join(folder, name), damaged);
    expect([name, await codeOf(() => readOnnxSchema(join(folder, name)))]).toEqual([name, 'CTR_MODEL_FILE']);
  }
  expect(await codeOf(() => readOnnxSchema(join(folder, 'absent')))).toBe('CTR_MODEL_FILE');
});

test('raw columns of some rows, encoded with the schema of all, are those rows of the features', () => {
  const rows = Int32Array.of(7, 31);
  const { columns } = interactionColumns({ interactions, items, rows, schema: features.schema });
  const encoded = encodeFeatures({ schema: features.schema, columns, labels: new Uint8Array(rows.length) });
  const direct = buildFeatures({ interactions, items, rows, schema: features.schema });
  expect(encoded.columns).toEqual(direct.columns);
});

test('a schema with a year has a column for it, where no item at hand has one', () => {
  const dated = { ...items, year: items.year.map((_, item) => 1990 + item) };
  const { schema } = buildFeatures({ interactions, items: dated });
  const undated = { ...items, year: items.year.map(() => NaN) };
  const { columns } = buildFeatures({ interactions, items: undated, schema });
  expect(columns['item_year']).toMatchObject({ kind: 'numbers', values: items.year.map(() => 0) });
});
