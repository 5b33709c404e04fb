import { checkOptions, type OptionKeys } from '@expctr/core';
import type { Interactions } from '@expctr/data';
import { CtrError } from '../errors.js';
import { checkContent } from './check-content.js';
import { checkGiven } from './check-definitions.js';
import type { DenseColumn } from './columns.js';
import type { Features } from './encode.js';
import { denseFeatures, type DenseFeature, type FeatureSchema } from './schema.js';
import { sameSchema } from './same-schema.js';
import type { FeatureSource } from './source.js';
import { fitDense } from './statistics.js';

/** Vectors by interaction, as embeddings/1 holds them: of explanations, for instance. */
export interface InteractionVectors {
  /** Row-major vectors [interactionIds.length, dimension]. */
  readonly data: Float32Array;
  /** Components of a vector. */
  readonly dimension: number;
  /** The interaction that each vector belongs to. */
  readonly interactionIds: ArrayLike<number>;
}

/** Vectors by item, each stored once however many interactions the item has: of titles or images, for instance. */
export interface ItemVectors {
  /** Row-major vectors [itemCodes.length, dimension]. */
  readonly data: Float32Array;
  /** Components of a vector. */
  readonly dimension: number;
  /** The item that each vector belongs to: codes as in `interactions.item`, rows of the items. */
  readonly itemCodes: ArrayLike<number>;
}

/** The vectors of a dense feature, by interaction or by item. */
export type DenseVectors = InteractionVectors | ItemVectors;

/** Options of {@link withVectors}. */
export interface WithVectorsOptions {
  /**
   * A schema fitted before, that of a model to predict with: the features' own and the new dense features.
   * Default: the new features are fitted on the rows that the others were fitted on.
   */
  readonly schema?: FeatureSchema;
}

const WITH_VECTORS_OPTIONS: OptionKeys<WithVectorsOptions> = { schema: true };

/**
 * The same rows with more dense features, as if {@link buildFeatures} had been given the vectors at once. Nothing is encoded anew and
 * the other columns are shared, so features built once serve any number of models that differ in their vectors.
 *
 * @param features made by `buildFeatures`, or selected from such
 * @param vectors by the name of the new feature; rows without a vector can neither be fitted on nor predicted
 * @throws CtrError `CTR_DENSE_ROWS` where an interaction to fit on has no vector, or a vector no interaction or item; `CTR_NOT_FINITE`;
 * `CTR_LENGTH`; `CTR_SCHEMA` for a name that is taken, a schema that differs in more than the new features, or features of another origin.
 */
export function withVectors(
  features: Features,
  vectors: Readonly<Record<string, DenseVectors>>,
  parameters: WithVectorsOptions = {},
): Features {
  checkOptions('withVectors', parameters, WITH_VECTORS_OPTIONS);
  const { schema: given } = parameters;
  const { source, schema } = features;
  if (source === undefined) {
    throw new CtrError('CTR_SCHEMA', 'the features do not say which interactions they are of', {
      where: 'withVectors',
      expected: 'features made by buildFeatures',
      remedy: 'give columns of your own a dense column before fitSchema',
    });
  }
  const taken = Object.keys(vectors).find((name) => schema.features.some((f) => f.name === name));
  if (taken !== undefined) {
    throw new CtrError('CTR_SCHEMA', `there is a feature '${taken}' already`, {
      where: 'withVectors',
      remedy: 'choose another name, or exchange its vectors with withDense',
    });
  }
  const columns = Object.entries(vectors).map(([name, of]) => [name, denseColumn(name, of, source.interactions, source.rows)] as const);
  const widened = given ?? fittedWith(schema, vectors, source);
  const others = { ...widened, features: widened.features.filter((f) => !Object.hasOwn(vectors, f.name)) };
  if (given !== undefined && !sameSchema(others, schema)) {
    throw new CtrError('CTR_SCHEMA', 'the schema differs from that of the features in more than the new vectors', {
      where: 'withVectors',
      remedy: 'build the features with this schema (buildFeatures({ schema, ... }))',
    });
  }
  const wanted = new Map(denseFeatures(widened).map((f) => [f.name, f]));
  for (const [name, { dimension }] of columns) checkDimension(name, dimension, wanted.get(name));
  return { ...features, schema: widened, columns: { ...features.columns, ...Object.fromEntries(columns) } };
}

function fittedWith(
  schema: FeatureSchema,
  vectors: Readonly<Record<string, DenseVectors>>,
  { interactions, fitRows }: FeatureSource,
): FeatureSchema {
  if (Object.keys(vectors).length === 0) return schema;
  if (fitRows === undefined) {
    throw new CtrError('CTR_SCHEMA', 'the features were built with a schema of before: there are no rows to fit vectors on', {
      where: 'withVectors',
      remedy: "pass the model's schema, or build the features without one",
    });
  }
  const rows = fitRows.map((_, r) => r);
  const added = Object.entries(vectors).map(([name, of]) =>
    fitDense(name, denseColumn(name, of, interactions, fitRows), rows, (r) => fitRows[r]!),
  );
  return { ...schema, features: [...schema.features, ...added] };
}

/** One position a row: the vectors themselves are shared. */
function denseColumn(name: string, vectors: DenseVectors, interactions: Interactions, rows: Int32Array): DenseColumn {
  checkGiven('withVectors', { [`the vectors '${name}'`]: vectors });
  const { data, dimension } = vectors;
  checkContent(name, { kind: 'dense', data, dimension });
  const byItem = 'itemCodes' in vectors;
  const [owners, count, what] = byItem
    ? [vectors.itemCodes, interactions.itemIds.length, 'item']
    : [vectors.interactionIds, interactions.length, 'interaction'];
  if (data.length !== owners.length * dimension) {
    throw new CtrError('CTR_LENGTH', `the vectors '${name}' hold ${data.length} numbers`, {
      expected: `${owners.length * dimension}, for ${owners.length} vectors of ${dimension}`,
    });
  }
  const position = new Int32Array(count).fill(-1);
  for (let p = 0; p < owners.length; p += 1) {
    const owner = owners[p]!;
    if (!(owner >= 0 && owner < count)) {
      throw new CtrError('CTR_DENSE_ROWS', `the vectors '${name}' hold one for the ${what} ${owner}`, {
        expected: `${what}s from 0 to ${count - 1}`,
      });
    }
    position[owner] = p;
  }
  return { kind: 'dense', data, dimension, index: rows.map((row) => position[byItem ? interactions.item[row]! : row]!) };
}

function checkDimension(name: string, dimension: number, feature: DenseFeature | undefined): void {
  if (feature?.dimension === dimension) return;
  throw new CtrError('CTR_SCHEMA', `the vectors '${name}' have ${dimension} components`, {
    where: 'withVectors',
    expected: feature === undefined ? `vectors for a dense feature of the schema, which lacks '${name}'` : `${feature.dimension}`,
  });
}
