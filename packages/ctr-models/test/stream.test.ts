import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { interactionsToTable, rowsOf, writeBatches, writeTable } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { tableFromArrays, type Table } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  encodeFeatures,
  fitCtr,
  fitSchema,
  rawColumnsFromTable,
  selectRows,
  streamFeatures,
  type CtrModel,
  type FeatureDefinition,
  type Features,
  type FeatureStream,
} from '../src/index.js';
import { codeOf, smallWorld } from './world.js';

const { interactions } = smallWorld(createRng('stream'), { users: 12, items: 20, perUser: 25 });
const definitions: FeatureDefinition[] = [
  { kind: 'categorical', name: 'user_id' },
  { kind: 'categorical', name: 'item_id' },
  { kind: 'frequency', name: 'popularity', of: 'item_id' },
];
const table = interactionsToTable(interactions);
const train = rowsOf(interactions, 'train');
const columns = rawColumnsFromTable(table, definitions);
const schema = fitSchema({ definitions, columns, rows: train, tables: { user_id: { hash: 7 } } });
const inMemory = selectRows(encodeFeatures({ schema, columns, labels: interactions.label }), train);

let folder: string;
let path: string;
const open: FeatureStream[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctr-models-stream-'));
  path = join(folder, 'interactions.arrow');
  await useOnnx();
  await writeBatches(path, table.schema, inParts(table, 16));
});
afterAll(async () => {
  await Promise.all(open.map((stream) => stream.close()));
  await rm(folder, { recursive: true });
});

/** Record batches of so many rows. */
function inParts(of: Table, rows: number): Table['batches'] {
  return Array.from({ length: Math.ceil(of.numRows / rows) }, (_, part) => of.slice(part * rows, (part + 1) * rows).batches).flat();
}

async function stream(bufferRows?: number, where: Record<string, string> = { split: 'train' }): Promise<FeatureStream> {
  const opened = await streamFeatures({ path, schema, where, ...(bufferRows === undefined ? {} : { bufferRows }) });
  open.push(opened);
  return opened;
}

function fit(rows: Features | FeatureStream, more: Partial<Parameters<typeof fitCtr>[0]> = {}): Promise<CtrModel> {
  return fitCtr({
    backbone: 'fm',
    train: rows,
    options: { epochs: 3, batchSize: 32, learningRate: 0.02, embeddingDimension: 4 },
    rng: createRng(1),
    ...more,
  });
}

/** User, item and label of each row. */
function rowsIn({ columns: { user_id: user, item_id: item }, labels, length }: Features): string[] {
  const id = (column: typeof user, row: number): number => {
    if (column?.kind !== 'ids') throw new Error('no ids');
    return column.ids[column.index?.[row] ?? row]!;
  };
  return Array.from({ length }, (_, row) => [id(user, row), id(item, row), labels[row]].join());
}

async function blocksOf(of: FeatureStream, seed: number): Promise<string[][]> {
  const blocks = [];
  for await (const block of of.blocks(createRng(seed))) blocks.push(rowsIn(block));
  return blocks;
}

describe('streamed rows', () => {
  test('are those of the table that have what is asked for, each once, in blocks of at most the buffer', async () => {
    const streamed = await stream(60);
    expect([streamed.length, streamed.positives]).toEqual([train.length, inMemory.labels.reduce((sum, label) => sum + label, 0)]);
    const blocks = await blocksOf(streamed, 1);
    expect(blocks.length).toBeGreaterThan(3);
    expect(Math.max(...blocks.map((block) => block.length))).toBeLessThanOrEqual(60);
    expect(blocks.flat().sort()).toEqual(rowsIn(inMemory).sort());
  });

  test('come in an order that the seed decides', async () => {
    const streamed = await stream(60);
    const [a, b, c] = [await blocksOf(streamed, 1), await blocksOf(streamed, 1), await blocksOf(streamed, 2)];
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
  });

  test('give the model of rows in memory where the buffer holds all of them, to the last bit', async () => {
    const [whole, streamed] = [await fit(inMemory), await fit(await stream())];
    expect(streamed.epochs).toEqual(whole.epochs);
    expect(await streamed.predict(inMemory)).toEqual(await whole.predict(inMemory));
  });

  test('are learned from in blocks, the same way each time, and from a checkpoint on to the same model', async () => {
    const rows = await stream(60);
    const losses = (model: CtrModel): number[] => model.epochs.map(({ metrics }) => metrics['train/logloss']);
    const first = await fit(rows, { valid: inMemory });
    expect(losses(first).at(-1)).toBeLessThan(losses(first)[0]! - 0.001);
    const checkpoint = join(folder, 'checkpoint');
    await fit(rows, { valid: inMemory, checkpoint, options: { epochs: 1, batchSize: 32, learningRate: 0.02, embeddingDimension: 4 } });
    const resumed = await fit(rows, { valid: inMemory, checkpoint });
    expect(resumed.epochs).toEqual(first.epochs);
    expect(await resumed.predict(inMemory)).toEqual(await first.predict(inMemory));
    expect(await codeOf(async () => fit(await stream(90), { valid: inMemory, checkpoint }))).toBe('CTR_CHECKPOINT');
  });

  test('take joined columns beside those of the table', async () => {
    const withYear = fitSchema({
      definitions: [...definitions, { kind: 'numeric', name: 'twice' }],
      columns: { ...columns, twice: { kind: 'numeric', values: Float64Array.from(interactions.item, (item) => 2 * item) } },
      rows: train,
    });
    const streamed = await streamFeatures({
      path,
      schema: withYear,
      columns: (part) => ({
        twice: {
          kind: 'numeric',
          values: Float64Array.from(part.getChild('interaction_id')!, (id) => 2 * interactions.item[id as number]!),
        },
      }),
    });
    open.push(streamed);
    const { columns: all } = encodeFeatures({
      schema: withYear,
      columns: { ...columns, twice: { kind: 'numeric', values: Float64Array.from(interactions.item, (item) => 2 * item) } },
      labels: interactions.label,
    });
    expect((await streamed.whole()).columns['twice']).toEqual(all['twice']);
  });
});

describe('what cannot be streamed is refused by code', () => {
  test('past events, an empty selection, a buffer of nothing, a missing column', async () => {
    const field = { kind: 'categorical' as const, name: 'item', table: 'item_id' };
    const events = { ...schema, features: [...schema.features, { kind: 'events' as const, name: 'past', fields: [field], maxLength: 5 }] };
    expect(await codeOf(() => streamFeatures({ path, schema: events }))).toBe('CTR_SCHEMA');
    expect(await codeOf(() => stream(undefined, { split: 'none' }))).toBe('CTR_EMPTY');
    expect(await codeOf(() => stream(0))).toBe('CTR_OPTION');
    expect(await codeOf(() => stream(undefined, { splits: 'train' }))).toBe('DATA_MISSING_COLUMN');
  });

  test('labels other than 0 and 1, and labels of one class', async () => {
    const odd = join(folder, 'odd.arrow');
    const ids = { user_id: ['a', 'b', 'c'], item_id: ['x', 'y', 'x'] };
    await writeTable(odd, tableFromArrays({ ...ids, label: Uint8Array.of(0, 1, 2) }));
    expect(await codeOf(() => streamFeatures({ path: odd, schema }))).toBe('CTR_LABEL');
    const one = join(folder, 'one.arrow');
    await writeTable(one, tableFromArrays({ ...ids, label: Uint8Array.of(1, 1, 1) }));
    const streamed = await streamFeatures({ path: one, schema });
    open.push(streamed);
    expect(await codeOf(() => fit(streamed))).toBe('CTR_ONE_CLASS');
    expect(await codeOf(async () => fit(await stream(60), { weights: [1] }))).toBe('CTR_OPTION');
  });
});
