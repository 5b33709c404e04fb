import {
  concatExplanations,
  embeddingsFromTable,
  embeddingsToTable,
  explanationsFromTable,
  explanationsToTable,
  type Embeddings,
  type Explanations,
} from '@expctr/data';
import { WorkerError } from '../errors.js';
import type { ResultForm } from './kind.js';

/** explanations/1. */
export const explanationsForm: ResultForm<Explanations> = {
  toTable: explanationsToTable,
  fromTable: explanationsFromTable,
  concat: concatExplanations,
  slice: (all, from, to) => ({
    length: to - from,
    interactionId: all.interactionId.slice(from, to),
    iteration: all.iteration.slice(from, to),
    stage: all.stage.slice(from, to),
    explanation: all.explanation.slice(from, to),
    read: all.read.slice(from, to),
    tokenCount: all.tokenCount.slice(from, to),
    finishReason: all.finishReason.slice(from, to),
    rewards: Object.fromEntries(Object.entries(all.rewards).map(([name, values]) => [name, values.slice(from, to)])),
  }),
};

/** embeddings/1. */
export const embeddingsForm: ResultForm<Embeddings> = {
  toTable: embeddingsToTable,
  fromTable: embeddingsFromTable,
  concat: concatEmbeddings,
  slice: (all, from, to) => ({
    ...all,
    length: to - from,
    interactionId: all.interactionId.slice(from, to),
    values: all.values.slice(from * all.dimension, to * all.dimension),
  }),
};

function concatEmbeddings(parts: readonly Embeddings[]): Embeddings {
  const [first] = parts;
  if (first === undefined) throw new RangeError('concatEmbeddings: no parts');
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const interactionId = new Uint32Array(length);
  const values = new Float32Array(length * first.dimension);
  let at = 0;
  for (const part of parts) {
    if (part.dimension !== first.dimension || part.encoder !== first.encoder) {
      throw new WorkerError('WORKER_DAMAGED', 'results of two encoders lie side by side', {
        expected: `${first.encoder}, ${first.dimension} values a row`,
        remedy: 'remove the folder of results, and run the job again',
      });
    }
    interactionId.set(part.interactionId, at);
    values.set(part.values, at * first.dimension);
    at += part.length;
  }
  return { ...first, length, interactionId, values };
}
