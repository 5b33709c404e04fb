import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession } from 'onnxruntime-node';
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
} from '../src/index.js';
import { rawInputs } from './raw-inputs.js';
import { codeOf, smallWorld } from './world.js';

const { interactions, items } = smallWorld(undefined, { users: 20, items: 30, perUser: 20 });
const train = rowsOf(interactions, 'train');
const rng = createRng('z');
const z = {
  data: Float32Array.from({ length: interactions.length * 3 }, () => 5 + rng.normal()),
  dimension: 3,
  interactionIds: interactions.interactionId,
};
const features = buildFeatures({ interactions, items, fitRows: train, vectors: { z }, events: true });

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
  test.each(['deepfm', 'din'])('%s predicts the same to the last bit once loaded', async (backbone) => {
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

/** The inputs of an exported graph for the features of the interactions `rows`. */
function inputsOf(of: Features, backbone: string, rows: ArrayLike<number>): ReturnType<typeof rawInputs> {
  return rawInputs(of, findBackbone(backbone).usesSequences ?? false, {
    numbers: { item_year: (r) => items.year[interactions.item[rows[r]!]!]! },
    vectors: { z: (r) => z.data.subarray(3 * rows[r]!, 3 * rows[r]! + 3) },
  });
}
const selectedRows = [7, 150, 3];

describe('an exported graph', () => {
  test.each(['deepfm', 'din'])(
    '%s takes raw ids and numbers by name, in any batch, and gives the probabilities of predict',
    async (backbone) => {
      const model = await fit(backbone);
      const path = join(folder, `${backbone}.onnx`);
      await model.exportOnnx(path);
      const session = await InferenceSession.create(path);
      expect([...session.inputNames].sort()).toEqual(Object.keys(inputsOf(features, backbone, interactions.interactionId)).sort());
      for (const rows of [interactions.interactionId, selectedRows]) {
        const selected = selectRows(features, rows);
        const { probability } = await session.run(inputsOf(selected, backbone, rows));
        const expected = await model.predict(selected);
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
    expect(() => findBackbone('product')).toThrow(/logistic-regression, fm, fwfm/);
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
