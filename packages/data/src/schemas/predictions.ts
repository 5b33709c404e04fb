import type { Table } from 'apache-arrow';
import { DataError } from '../errors.js';
import { buildTable, dictionaryColumn, float32Column, uint32Column, uint8Column } from './arrow-build.js';
import { columnOf, readCodes, readNumbers } from './arrow-read.js';
import { validateTable } from './validate.js';

/** The predictors that a full run compares; a user's own names may stand beside them. */
export const PREDICTORS = [
  'id-only',
  'id-history',
  'icl',
  'expctr-llm',
  'expctr-aug',
  'post-hoc-llm',
  'post-hoc-aug',
  'icl-aug',
  'item-text-aug',
  'prompt-text-aug',
  'template-aug',
  'shuffled-aug',
  'verdict-aug',
  'id-only-full',
] as const;
/** The name of a predictor of a full run. */
export type Predictor = (typeof PREDICTORS)[number];

/** The predictors of a learning curve: what explanations have to beat where rows are few, and they themselves. */
export const CURVE_PREDICTORS = [
  'id-history',
  'icl-aug',
  'verdict-aug',
  'post-hoc-aug',
  'expctr-aug',
] as const satisfies readonly Predictor[];

/** The model name of a predictor that was fitted on `rows` CTR rows: `expctr-aug@300`. */
export function curveModel(predictor: (typeof CURVE_PREDICTORS)[number], rows: number): `${string}@${number}` {
  return `${predictor}@${rows}`;
}

/** A point of the learning curve. */
export interface CurvePoint {
  /** One of {@link CURVE_PREDICTORS}. */
  readonly predictor: string;
  /** CTR rows that it was fitted on. */
  readonly rows: number;
}

/** Predictor and rows of a {@link curveModel}; null for any other name. */
export function curvePoint(model: string): CurvePoint | null {
  const [, predictor, rows] = /^(.+)@(\d+)$/u.exec(model) ?? [];
  return predictor === undefined ? null : { predictor, rows: Number(rows) };
}

/** One model's predictions. */
export interface ModelPredictions {
  /** A {@link Predictor} or a name of one's own. */
  readonly model: string;
  /** The interactions that are predicted. */
  readonly interactionId: Uint32Array;
  /** Their labels, 0 or 1. */
  readonly label: Uint8Array;
  /** Probability of label 1, in [0, 1]. */
  readonly probability: Float32Array;
}

/** As an Arrow table with schema predictions/1, the models one after the other. @throws DataError where columns differ in length. */
export function predictionsToTable(predictions: readonly ModelPredictions[]): Table {
  const length = predictions.reduce((sum, { interactionId }) => sum + interactionId.length, 0);
  const interactionId = new Uint32Array(length);
  const label = new Uint8Array(length);
  const probability = new Float32Array(length);
  const code = new Int32Array(length);
  let at = 0;
  predictions.forEach((part, index) => {
    const rows = part.interactionId.length;
    if (part.label.length !== rows || part.probability.length !== rows) {
      throw new DataError(
        'DATA_SHAPE',
        `'${part.model}' has ${rows} ids, ${part.label.length} labels and ${part.probability.length} probabilities`,
      );
    }
    interactionId.set(part.interactionId, at);
    label.set(part.label, at);
    probability.set(part.probability, at);
    code.fill(index, at, at + rows);
    at += rows;
  });
  return buildTable('predictions/1', length, [
    uint32Column('interaction_id', interactionId),
    uint8Column('label', label),
    dictionaryColumn(
      'model',
      0,
      code,
      predictions.map(({ model }) => model),
    ),
    float32Column('probability', probability),
  ]);
}

/** From an Arrow table: one entry for each model, in the dictionary's order. @throws DataError where the table is not predictions/1. */
export function predictionsFromTable(table: Table): ModelPredictions[] {
  validateTable(table, 'predictions/1');
  const length = table.numRows;
  const interactionId = readNumbers(columnOf(table, 'interaction_id'), new Uint32Array(length));
  const label = readNumbers(columnOf(table, 'label'), new Uint8Array(length));
  const probability = readNumbers(columnOf(table, 'probability'), new Float32Array(length));
  const { codes, values } = readCodes(columnOf(table, 'model'));
  return values.map((model, index) => ({
    model,
    interactionId: interactionId.filter((_, row) => codes[row] === index),
    label: label.filter((_, row) => codes[row] === index),
    probability: probability.filter((_, row) => codes[row] === index),
  }));
}
