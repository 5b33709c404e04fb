import { readFileSync } from 'node:fs';
import { createRng } from '@expctr/core';
import { namedLeaves, unflattenTree, type HostTensor } from '@expctr/tfjs-backend-onnx';
import { expect } from 'vitest';
import { findBackbone, fitOptions, type FeatureSchema, type Fusion, type FitOptions, type ResolvedFitOptions } from '../src/index.js';
import type { ModelState } from '../src/model/predictor.js';
import { createTables } from '../src/tables/embedding-table.js';

/** A tensor as the oracles write it. */
export interface Host {
  shape: number[];
  data: number[];
}

/** Tables of so many rows each, id 0 among them, whose values are the table's name and a number. */
export function tablesOf(rows: Readonly<Record<string, number>>): FeatureSchema['tables'] {
  return Object.entries(rows).map(([name, count]) => ({
    name,
    vocabulary: Array.from({ length: count - 1 }, (_, k) => `${name}${k}`),
  }));
}

/** Parameters or gradients by name: paths of a backbone's parameters, `embedding.<table>`, `weight.<feature>`. */
export type Named = Readonly<Record<string, Host>>;

/** A fixture of `tools/oracles`. */
export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** A backbone with the parameters of a fixture. */
export function oracleModel(
  name: string,
  options: Readonly<Record<string, unknown>>,
  schema: FeatureSchema,
  of: Named,
  embedding: number,
  fusion: Fusion = 'field',
): ModelState {
  const backbone = findBackbone(name);
  const dimension = backbone.usesEmbeddings ? embedding : 0;
  const tables = createTables(schema, backbone, dimension, createRng(0));
  for (const { name: table, rows, width, features, values } of tables) {
    for (let row = 0; row < rows; row += 1) {
      for (let d = 0; d < dimension; d += 1) values[row * width + d] = of[`embedding.${table}`]!.data[row * dimension + d]!;
      features.forEach((feature, use) => (values[row * width + dimension + use] = of[`weight.${feature}`]!.data[row]!));
    }
  }
  const own = backbone.options.parse(options) as Record<string, unknown>;
  const fresh = backbone.init(schema, { ...own, embeddingDimension: embedding, fusion }, createRng(0));
  const leaves = namedLeaves(fresh).map(({ path, leaf }): HostTensor => {
    const { shape, data } = of[path]!;
    expect((leaf as HostTensor).shape).toEqual(shape);
    return { shape, data: Float32Array.from(data), dtype: 'float32' };
  });
  return { backbone, options: own, schema, dimension, parameters: unflattenTree(fresh, leaves), tables };
}

/** Options of a fit, as a step takes them. */
export function resolved(options: FitOptions): ResolvedFitOptions {
  return { ...fitOptions.parse(options), batchSize: 6 };
}

/** A step of plain gradient descent with learning rate 1 and no penalty: it moves every number by its negative gradient. */
export const UNIT_STEP: ResolvedFitOptions = resolved({ optimizer: 'sgd', learningRate: 1, l2: 0, denseL2: 0, embeddingL2: 0 });

/** Largest difference, relative to the largest number expected. */
export function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (e, i) => Math.abs(found[i]! - e))) / scale;
}

/** A step so long that small gradients, too, move a parameter by more than float32 rounds it: with it, say its learning rate. */
export const LONG_STEP: ResolvedFitOptions = { ...UNIT_STEP, learningRate: 4096 };

/**
 * The gradients of all parameters that {@link UNIT_STEP}, or a step of another learning rate, moved the model by, each beside the one
 * expected, by name.
 */
export function* gradientsBeside(
  { parameters, tables }: ModelState,
  before: Named,
  gradients: Named,
  { learningRate }: ResolvedFitOptions = UNIT_STEP,
): Generator<[string, number[], number[]]> {
  for (const { path, leaf } of namedLeaves(parameters)) {
    const gradient = before[path]!.data.map((value, k) => (Math.fround(value) - (leaf as HostTensor).data[k]!) / learningRate);
    yield [path, gradient, gradients[path]!.data];
  }
  for (const { name, width, dimension, features, values } of tables) {
    const moved = (of: string, columns: number, at: number): [string, number[], number[]] => [
      of,
      before[of]!.data.map(
        (value, k) => (Math.fround(value) - values[Math.floor(k / columns) * width + at + (k % columns)]!) / learningRate,
      ),
      gradients[of]!.data,
    ];
    yield moved(`embedding.${name}`, dimension, 0);
    for (const [use, feature] of features.entries()) yield moved(`weight.${feature}`, 1, dimension + use);
  }
}
