import { nameAdvice } from '@expctr/core';
import type { RunFolder } from '@expctr/run';
import { ServeError } from '../errors.js';

/** A predictor of a run whose model the run keeps. */
interface KeptPredictor {
  /** One line for `--help`. */
  readonly description: string;
  /** Folder of its model. */
  model(folder: RunFolder): string;
}

/** What can be served of a run. The other predictors of a report are fitted, compared and not kept. */
export const servedPredictors = {
  'expctr-aug': {
    description: 'the CTR model that is given the explanation: ctr/',
    model: (folder) => folder.ctr,
  },
  'id-history': {
    description: 'the same model without explanations: checkpoints/ctr-id-history/',
    model: (folder) => folder.checkpoint('ctr-id-history'),
  },
} satisfies Readonly<Record<string, KeptPredictor>>;

/** @throws ServeError `SERVE_PREDICTOR` for a name of which no run keeps a model */
export function keptPredictor(name: string): KeptPredictor {
  if (Object.hasOwn(servedPredictors, name)) return servedPredictors[name as keyof typeof servedPredictors];
  const names = Object.keys(servedPredictors);
  throw new ServeError('SERVE_PREDICTOR', `no run keeps the model of a predictor "${name}"`, {
    where: '--predictor',
    expected: `one of ${names.join(', ')}`,
    remedy: nameAdvice(name, names),
    wrongUse: true,
  });
}
