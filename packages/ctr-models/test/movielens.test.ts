import { createRng } from '@expctr/core';
import { prepareDataset, rowsOf } from '@expctr/data';
import { dataAsset } from '@expctr/test-support';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { expect, test } from 'vitest';
import { auc, buildFeatures, fitCtr, selectRows, type DenseVectors } from '../src/index.js';

const movielens = dataAsset('ml-latest-small');

test.skipIf(movielens.missing)('on MovieLens a noisy verdict adds to what the ids know, and shuffled it takes nothing away', async () => {
  await useOnnx();
  const { interactions, items } = await prepareDataset({ dataset: 'ml-latest-small', dataDir: movielens.path, data: { maxPerUser: 40 } });
  const rows = { train: rowsOf(interactions, 'train', 'ctr'), valid: rowsOf(interactions, 'valid'), test: rowsOf(interactions, 'test') };
  const aucWith = async (vectors: Record<string, DenseVectors>): Promise<number> => {
    const features = buildFeatures({ interactions, items, fitRows: rows.train, vectors });
    const model = await fitCtr({
      backbone: 'deepfm',
      train: selectRows(features, rows.train),
      valid: selectRows(features, rows.valid),
      options: { patience: 2 },
      rng: createRng(0),
    });
    const held = selectRows(features, rows.test);
    const probabilities = await model.predict(held);
    await model.dispose();
    return auc(held.labels, probabilities);
  };

  const rng = createRng('verdict');
  const verdict = {
    data: Float32Array.from(interactions.label, (y) => y + rng.normal()),
    dimension: 1,
    interactionIds: interactions.interactionId,
  };
  const noise = { ...verdict, data: verdict.data.map(() => rng.normal()) };
  const [ids, withVerdict, withNoise] = [await aucWith({}), await aucWith({ z: verdict }), await aucWith({ z: noise })];
  expect(ids).toBeGreaterThan(0.72);
  expect(withVerdict).toBeGreaterThan(ids + 0.05);
  expect(Math.abs(withNoise - ids)).toBeLessThan(0.01);
});
