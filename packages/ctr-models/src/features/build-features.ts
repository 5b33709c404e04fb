import { checkOptions, type OptionKeys } from '@expctr/core';
import { SPLITS } from '@expctr/data';
import { checkGiven, checkRows } from './check-definitions.js';
import { checkSchema } from './check-schema.js';
import { encodeFeatures, type Features } from './encode.js';
import { fitSchema } from './fit-schema.js';
import type { TableDefinition } from './fit-tables.js';
import { interactionColumns, type InteractionColumnsParameters } from './interaction-columns.js';
import { selectRows } from './select.js';
import { withVectors, type DenseVectors } from './vectors.js';

/** Parameters of {@link buildFeatures}. */
export interface BuildFeaturesParameters extends Omit<InteractionColumnsParameters, 'rows'> {
  /** The interactions to make features for, in order. Default: all. */
  readonly rows?: ArrayLike<number>;
  /** The interactions to fit vocabularies, normalization and popularity on. Default: those of `rows` in the train split. */
  readonly fitRows?: ArrayLike<number>;
  /** Dense features by name, as {@link withVectors} adds them. Rows without a vector can neither be fitted on nor predicted. */
  readonly vectors?: Readonly<Record<string, DenseVectors>>;
  /** Values seen in fewer of `fitRows` are unknown. Default 1. */
  readonly minimumCount?: number;
  /** How tables are to be made, by name, as {@link fitSchema} takes it: `{ user: { hash: 1_000_000 }, item: { minimumCount: 5 } }`. */
  readonly tables?: Readonly<Record<string, TableDefinition>>;
}

const BUILD_FEATURES_OPTIONS: OptionKeys<BuildFeaturesParameters> = {
  interactions: true,
  items: true,
  rows: true,
  fitRows: true,
  schema: true,
  vectors: true,
  popularity: true,
  historyCounts: true,
  events: true,
  evidence: true,
  minimumCount: true,
  tables: true,
  historyLength: true,
};

/**
 * h(u, i) of docs/method.md, and dense vectors: `user`, `item`, `item_<attribute>` for each attribute, `item_year`, `item_popularity`,
 * `history_liked` and `history_disliked` (item sequences that share the item table), their counts, `evidence_…` and `history` where they
 * are asked for, and the dense features of `vectors`.
 *
 * @returns features whose row r is the interaction `rows[r]`
 * @throws CtrError `CTR_EMPTY` without rows to fit on; `CTR_DENSE_ROWS` where a row to fit on has no vector; `CTR_LENGTH`, `CTR_SCHEMA`;
 * `CTR_LABEL` for a label that is neither 0 nor 1.
 */
export function buildFeatures(parameters: BuildFeaturesParameters): Features {
  checkOptions('buildFeatures', parameters, BUILD_FEATURES_OPTIONS);
  const { rows: asked, fitRows: fittedOn, vectors = {}, minimumCount = 1, tables = {}, ...described } = parameters;
  const { interactions, schema: given } = described;
  checkGiven('buildFeatures', { interactions, items: described.items, vectors, ...(given === undefined ? {} : { schema: given }) });
  if (given !== undefined) checkSchema(given);
  for (const wanted of [asked, fittedOn]) if (wanted !== undefined) checkRows('buildFeatures', wanted, interactions.length);
  const rows = Int32Array.from(asked ?? interactions.interactionId);
  const fitRows = fittedOn ?? rows.filter((row) => interactions.split[row] === SPLITS.indexOf('train'));
  // A schema may be fitted on rows that were not asked for: those follow behind, and are cut off in the end.
  const { all, positionOf } = withRows(rows, given === undefined ? fitRows : [], interactions.length);
  const { definitions, columns } = interactionColumns({ ...described, rows: all });

  const schema =
    given === undefined
      ? fitSchema({ definitions, columns, rows: Int32Array.from(fitRows, (row) => positionOf[row]!), minimumCount, tables })
      : { ...given, features: given.features.filter(({ kind, name }) => kind !== 'dense' || !Object.hasOwn(vectors, name)) };
  const labels = Uint8Array.from(all, (row) => interactions.label[row]!);
  const encoded = {
    ...encodeFeatures({ schema, columns, labels }),
    source: { interactions, rows: all, ...(given === undefined ? { fitRows: Int32Array.from(fitRows) } : {}) },
  };
  const features =
    all.length === rows.length
      ? encoded
      : selectRows(
          encoded,
          rows.map((_, r) => r),
        );
  return withVectors(features, vectors, given === undefined ? {} : { schema: given });
}

/** `rows` and then those of `more` that are not among them, with the place of each. */
function withRows(rows: Int32Array, more: ArrayLike<number>, interactionCount: number): { all: Int32Array; positionOf: Int32Array } {
  const positionOf = new Int32Array(interactionCount).fill(-1);
  rows.forEach((row, r) => (positionOf[row] = r));
  const extra: number[] = [];
  for (let k = 0; k < more.length; k += 1) {
    if (positionOf[more[k]!] === -1) positionOf[more[k]!] = rows.length + extra.push(more[k]!) - 1;
  }
  const all = new Int32Array(rows.length + extra.length);
  all.set(rows);
  all.set(extra, rows.length);
  return { all, positionOf };
}
