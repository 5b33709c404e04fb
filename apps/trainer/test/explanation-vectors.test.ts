import { auc } from '@expctr/ctr-models';
import { rowsOf, type PreparedDataset } from '@expctr/data';
import { beforeAll, describe, expect, test } from 'vitest';
import { fitClickModel } from '../src/pipeline/click-model.js';
import type { ExplanationSet } from '../src/pipeline/explanation-set.js';
import { ctrSlice } from '../src/pipeline/feature-store.js';
import type { Pipeline } from '../src/pipeline/pipeline.js';
import { explanationVectors, shuffledVectors } from '../src/pipeline/vectors.js';
import { plantedSet } from './planted-set.js';

/** AUC of a CTR model on the test rows, with and without vectors, under planted explanations. */
describe('the CTR model uses z', () => {
  let prepared: PreparedDataset;
  let pipeline: Pipeline;

  beforeAll(async () => {
    const set = await plantedSet({ users: 120, items: 80, seed: 3 }, 32, ['ctr.epochs=8', 'ctr.embeddingDimension=8']);
    ({ prepared, pipeline } = set);
  }, 60_000);

  async function testAuc(textOf: ((row: number) => string) | null, options: { shuffled?: boolean } = {}): Promise<number> {
    const { interactions } = prepared;
    const fit = ctrSlice(interactions);
    const test = rowsOf(interactions, 'test');
    const rows = Uint32Array.from([...fit.rows, ...rowsOf(interactions, 'valid'), ...test]);
    const set: ExplanationSet = { read: textOf ?? (() => ''), probability: () => 0.5 };
    const vectors = async () => {
      const made = await explanationVectors(pipeline, rows, set);
      return options.shuffled ? shuffledVectors(pipeline, made) : made;
    };
    const basis = { backbone: 'deepfm', embeddingL2: 1e-5, evidence: false };
    const clicks = await fitClickModel(pipeline, { basis, fit, vectors: textOf === null ? null : vectors, logged: null });
    return auc(
      Uint8Array.from(test, (row) => interactions.label[row]!),
      await clicks.predictRows(test),
    );
  }

  const stateLabel = (row: number): string => (prepared.interactions.label[row] === 1 ? 'warm kind lively' : 'cold slow grim');

  test('explanations that state the label give an AUC above 0.95, shuffled ones do not', async () => {
    expect(await testAuc(stateLabel)).toBeGreaterThan(0.95);
    expect(await testAuc(stateLabel, { shuffled: true })).toBeLessThan(0.8);
  }, 60_000);

  test('with constant explanations expctr-aug equals id-only within its interval', async () => {
    const [idOnly, constant] = [await testAuc(null), await testAuc(() => 'the same words for everyone')];
    const rows = rowsOf(prepared.interactions, 'test').length;
    // The standard error of an AUC near 0.7 is at most 0.5 / sqrt(rows of the rarer class); both models see the same rows.
    expect(Math.abs(constant - idOnly)).toBeLessThan(2 * (0.5 / Math.sqrt(rows / 3)));
  }, 60_000);

  test('shuffled vectors are those of other rows of the same split', async () => {
    const { interactions } = prepared;
    const rows = rowsOf(interactions, 'valid');
    const data = Float32Array.from(rows, (_, index) => index);
    const shuffled = shuffledVectors(pipeline, { data, dimension: 1, interactionIds: rows });
    expect([...shuffled.data].sort((a, b) => a - b)).toEqual([...data]);
    expect(shuffled.data).not.toEqual(data);
    const both = Uint32Array.from([...rows, ...rowsOf(interactions, 'test')]);
    const mixed = shuffledVectors(pipeline, {
      data: Float32Array.from(both, (_, index) => (index < rows.length ? 0 : 1)),
      dimension: 1,
      interactionIds: both,
    });
    expect(mixed.data.subarray(0, rows.length).every((value) => value === 0)).toBe(true);
    expect(mixed.data.subarray(rows.length).every((value) => value === 1)).toBe(true);
    await Promise.resolve();
  });
});
