import { PREDICTORS, type Interactions, type ModelPredictions } from '@expctr/data';
import { EvalError } from '../errors.js';

/** The test rows and what every model predicts for them, aligned. */
export interface TestPredictions {
  /** [rows] interaction ids, ascending. */
  readonly interactionId: Uint32Array;
  /** [rows] 0 or 1. */
  readonly label: Uint8Array;
  /** [rows] user codes of the interactions. */
  readonly user: Int32Array;
  /** By model, in the order of {@link PREDICTORS}, then a user's own: [rows] probabilities as stored. */
  readonly models: ReadonlyMap<string, Float32Array>;
}

/**
 * Puts the rows of every model in one order and checks them against the interactions: the same rows for each model, test rows
 * only, and the labels of the interactions.
 *
 * @throws EvalError `EVAL_ROWS_DIFFER`, `EVAL_NOT_TEST_ROW`, `EVAL_LABEL_MISMATCH`
 */
export function alignPredictions(predictions: readonly ModelPredictions[], interactions: Interactions, where: string): TestPredictions {
  const [first] = predictions;
  if (first === undefined || first.interactionId.length === 0) {
    throw new EvalError('EVAL_BAD_FILE', 'there are no predictions', { where, expected: 'at least one model and one test row' });
  }
  const interactionId = first.interactionId.slice().sort();
  const rowOf = new Map(Array.from(interactionId, (id, row) => [id, row]));
  if (rowOf.size !== interactionId.length) {
    throw new EvalError('EVAL_ROWS_DIFFER', `model '${first.model}' predicts a row twice`, {
      where,
      expected: 'one prediction for each model and row',
    });
  }
  checkRows(interactionId, interactions, where);

  const byModel = new Map<string, Float32Array>();
  for (const part of predictions) byModel.set(part.model, inOrder(part, first.model, rowOf, interactions, where));
  const known = PREDICTORS.filter((model) => byModel.has(model));
  const own = [...byModel.keys()].filter((model) => !known.includes(model as (typeof PREDICTORS)[number])).sort();
  return {
    interactionId,
    label: Uint8Array.from(interactionId, (id) => interactions.label[id] ?? 0),
    user: Int32Array.from(interactionId, (id) => interactions.user[id] ?? 0),
    models: new Map([...known, ...own].map((model) => [model, byModel.get(model) ?? new Float32Array()])),
  };
}

/** Further predictions of the same rows, in their order. @throws EvalError as {@link alignPredictions} */
export function alignMore(
  further: readonly ModelPredictions[],
  { interactionId }: TestPredictions,
  interactions: Interactions,
  where: string,
): ReadonlyMap<string, Float32Array> {
  const rowOf = new Map(Array.from(interactionId, (id, row) => [id, row]));
  return new Map(further.map((part) => [part.model, inOrder(part, 'test.arrow', rowOf, interactions, where)]));
}

const testSplit = 2;

function checkRows(ids: Uint32Array, interactions: Interactions, where: string): void {
  for (const id of ids) {
    if (id < interactions.length && interactions.split[id] === testSplit) continue;
    throw new EvalError('EVAL_NOT_TEST_ROW', `interaction ${id} is no test row of the run's interactions`, {
      where,
      expected: 'predictions for test rows',
      remedy: 'take both files from the same run',
    });
  }
}

function inOrder(
  part: ModelPredictions,
  firstModel: string,
  rowOf: ReadonlyMap<number, number>,
  interactions: Interactions,
  where: string,
): Float32Array {
  const probability = new Float32Array(rowOf.size).fill(Number.NaN);
  let filled = 0;
  part.interactionId.forEach((id, at) => {
    const row = rowOf.get(id);
    if (row === undefined || !Number.isNaN(probability[row])) {
      throw new EvalError(
        'EVAL_ROWS_DIFFER',
        `model '${part.model}' predicts interaction ${id} ${row === undefined ? 'and others do not' : 'twice'}`,
        {
          where,
          expected: `the rows of '${firstModel}', each once`,
        },
      );
    }
    if (part.label[at] !== interactions.label[id]) {
      throw new EvalError('EVAL_LABEL_MISMATCH', `model '${part.model}' has label ${part.label[at]} for interaction ${id}`, {
        where,
        expected: `label ${interactions.label[id]}, as the run has it`,
        remedy: 'take both files from the same run',
      });
    }
    probability[row] = part.probability[at] ?? Number.NaN;
    filled += 1;
  });
  if (filled === rowOf.size) return probability;
  throw new EvalError('EVAL_ROWS_DIFFER', `model '${part.model}' predicts ${filled} rows, '${firstModel}' ${rowOf.size}`, {
    where,
    expected: 'the same test rows for every model',
  });
}
