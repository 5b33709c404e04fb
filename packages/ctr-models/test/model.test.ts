import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z as z4 } from 'zod';
import {
  BACKBONES,
  backboneNames,
  buildFeatures,
  findBackbone,
  fitCtr,
  fm,
  loadCtrModel,
  selectRows,
  type Backbone,
  type CtrModel,
  type Features,
  type IdColumn,
  type IdListColumn,
} from '../src/index.js';
import { codeOf, smallWorld } from './world.js';

const { interactions, items } = smallWorld(undefined, { users: 20, items: 30, perUser: 20 });
const train = rowsOf(interactions, 'train');
const rng = createRng('z');
const z = {
  data: Float32Array.from({ length: interactions.length * 3 }, () => 5 + rng.normal()),
  dimension: 3,
  interactionIds: interactions.interactionId,
};
const features = buildFeatures({ interactions, items, fitRows: train, vectors: { z } });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctr-models-test-'));
  await useOnnx();
});
afterAll(() => rm(folder, { recursive: true }));

function fit(backbone: string | Backbone = 'deepfm'): Promise<CtrModel> {
  return fitCtr({
    backbone,
    train: selectRows(features, train),
    options: { epochs: 2, learningRate: 0.01, embeddingDimension: 4 },
    rng: createRng(1),
  });
}

describe('a saved model', () => {
  test.each(['logistic-regression', 'fm', 'deepfm'])('%s predicts the same to the last bit once loaded', async (backbone) => {
    const model = await fit(backbone);
    await model.save(join(folder, backbone));
    const loaded = await loadCtrModel(join(folder, backbone));
    expect(loaded.schema).toEqual(model.schema);
    expect(loaded.bestEpoch).toBe(model.bestEpoch);
    expect(await loaded.predict(features)).toEqual(await model.predict(features));
  });

  test('is refused where a file is missing, cut off, changed or of another model', async () => {
    const path = join(folder, 'damaged');
    const model = await fit('fm');
    await model.save(path);
    const tensors = await readFile(join(path, 'tensors.safetensors'));
    const load = (): Promise<unknown> => loadCtrModel(path);
    const withTensors = async (bytes: Uint8Array): Promise<string | undefined> => {
      await writeFile(join(path, 'tensors.safetensors'), bytes);
      return codeOf(load);
    };
    expect(await withTensors(tensors.subarray(0, tensors.length - 4))).toBe('CTR_MODEL_FILE');
    expect(await withTensors(tensors.subarray(0, 20))).toBe('CTR_MODEL_FILE');
    expect(await withTensors(tensors.map((byte, k) => (k === tensors.length - 1 ? byte ^ 1 : byte)))).toBe('CTR_MODEL_FILE');
    expect(await withTensors(tensors)).toBeUndefined();
    expect(await codeOf(() => loadCtrModel(join(folder, 'nowhere')))).toBe('CTR_MODEL_FILE');
    await writeFile(join(path, 'config.json'), '{"format":"ctr-model/9"}');
    expect(await codeOf(load)).toBe('CTR_MODEL_FILE');
  });
});

/** The raw inputs of an exported model for some rows. */
function rawInputs(from: Features): Record<string, Tensor> {
  const inputs: Record<string, Tensor> = {};
  const rows = Array.from({ length: from.length }, (_, r) => r);
  const interaction = (r: number): number => (from === features ? r : selectedRows[r]!);
  for (const feature of from.schema.features) {
    const column = from.columns[feature.name]!;
    const position = (r: number): number => column.index?.[r] ?? r;
    if (feature.kind === 'categorical') {
      inputs[feature.name] = new Tensor(
        'int32',
        Int32Array.from(rows, (r) => (column as IdColumn).ids[position(r)]!),
        [rows.length],
      );
    } else if (feature.kind === 'multi-valued' || feature.kind === 'sequence') {
      const { ids, offsets } = column as IdListColumn;
      const lists = rows.map((r) => [...ids.subarray(offsets[position(r)], offsets[position(r) + 1])]);
      const length = Math.max(1, ...lists.map((list) => list.length));
      const padded = lists.flatMap((list) => [...list, ...new Array<number>(length - list.length).fill(-1)]);
      inputs[feature.name] = new Tensor('int32', Int32Array.from(padded), [rows.length, length]);
    } else if (feature.kind === 'numeric') {
      const years = rows.map((r) => items.year[interactions.item[interaction(r)]!]!);
      inputs[feature.name] = new Tensor('float32', Float32Array.from(years), [rows.length]);
    } else if (feature.kind === 'dense') {
      const data = rows.flatMap((r) => [...z.data.subarray(3 * interaction(r), 3 * interaction(r) + 3)]);
      inputs[feature.name] = new Tensor('float32', Float32Array.from(data), [rows.length, 3]);
    }
  }
  return inputs;
}
const selectedRows = [7, 150, 3];

describe('an exported graph', () => {
  test.each(['logistic-regression', 'fm', 'deepfm'])(
    '%s takes raw ids and numbers by name, in any batch, and gives the probabilities of predict',
    async (backbone) => {
      const model = await fit(backbone);
      const path = join(folder, `${backbone}.onnx`);
      await model.exportOnnx(path);
      const session = await InferenceSession.create(path);
      expect([...session.inputNames].sort()).toEqual(
        features.schema.features.flatMap((f) => (f.kind === 'frequency' || f.kind === 'length' ? [] : [f.name])).sort(),
      );
      for (const rows of [features, selectRows(features, selectedRows)]) {
        const { probability } = await session.run(rawInputs(rows));
        const expected = await model.predict(rows);
        expect(probability!.dims).toEqual([rows.length]);
        const worst = Math.max(...expected.map((p, r) => Math.abs(p - (probability!.data as Float32Array)[r]!)));
        expect(worst).toBeLessThan(2e-6);
      }
      await session.release();
    },
  );

  test('leaves the active tfjs backend as it was, and needs no other', async () => {
    const model = await fit('fm');
    await tf.setBackend('cpu');
    await model.exportOnnx(join(folder, 'from-cpu.onnx'));
    expect(tf.getBackend()).toBe('cpu');
    await useOnnx();
  });

  test('is refused for a backbone that has the batch size built in', async () => {
    const built: Backbone = {
      ...(fm as unknown as Backbone),
      name: 'built-in',
      logits: (params, batch) => tf.add(fm.logits(params as never, batch), tf.range(0, batch.firstOrder.shape[0]).expandDims(1)),
    };
    const model = await fit(built);
    expect(await codeOf(() => model.exportOnnx(join(folder, 'built-in.onnx')))).toBe('CTR_EXPORT');
  });
});

describe("a backbone of one's own", () => {
  const product: Backbone = { ...(fm as unknown as Backbone), name: 'product' };

  test('is found by name among those passed, and what could be taken for another is refused', async () => {
    expect(findBackbone('product', [product])).toBe(product);
    expect(backboneNames([product])).toEqual([...Object.keys(BACKBONES), 'product']);
    for (const name of ['product', 'toString']) expect(await codeOf(() => findBackbone(name))).toBe('CTR_BACKBONE');
    expect(() => findBackbone('product')).toThrow(/logistic-regression, fm, deepfm/);
    const codeFor = (...own: Backbone[]): Promise<string | undefined> => codeOf(() => findBackbone('fm', own));
    expect(await codeFor(product, { ...product })).toBe('CTR_BACKBONE');
    expect(await codeFor({ ...product, name: 'fm' })).toBe('CTR_BACKBONE');
    expect(await codeFor({ ...product, options: z4.object({ epochs: z4.int().default(1) }) })).toBe('CTR_BACKBONE');
    expect(await codeFor({ ...product, options: z4.object({ backbone: z4.string().default('') }) })).toBe('CTR_BACKBONE');
    expect(await codeFor({ ...product, options: z4.object({ depth: z4.int() }) })).toBe('CTR_BACKBONE');
    expect(await codeFor(product)).toBeUndefined();
  });

  test('fits, saves and loads as the others', async () => {
    const mine = { ...product, options: z4.object({ depth: z4.int().min(1).default(2) }) };
    const model = await fit(mine);
    expect(model.backboneOptions).toEqual({ depth: 2 });
    await model.save(join(folder, 'own'));
    expect(await codeOf(() => loadCtrModel(join(folder, 'own')))).toBe('CTR_BACKBONE');
    const loaded = await loadCtrModel(join(folder, 'own'), { backbones: [mine] });
    expect(await loaded.predict(features)).toEqual(await model.predict(features));
    expect(loaded.backboneOptions).toEqual({ depth: 2 });
    // Another version of the backbone, with another option: its default would be a guess.
    const later = { ...mine, options: mine.options.extend({ width: z4.int().default(1) }) };
    expect(await codeOf(() => loadCtrModel(join(folder, 'own'), { backbones: [later] }))).toBe('CTR_MODEL_FILE');
  });
});
