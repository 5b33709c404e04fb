import type { SftSettings } from './options.js';

/** The largest step size, and how it is come by and left. */
export type StepSizes = Pick<SftSettings, 'schedule' | 'warmup' | 'learningRate'>;

/**
 * The step size of an update, as `get_linear_schedule_with_warmup` and its siblings of transformers have it: `step / warmup` of the
 * largest one at first, so that of update 0 is 0 where there is a warm-up.
 * @param step from 0
 * @param steps of the whole training
 */
export function learningRateAt(step: number, steps: number, { schedule, warmup, learningRate }: StepSizes): number {
  const rising = Math.ceil(warmup * steps);
  if (step < rising) return (learningRate * step) / rising;
  const gone = (step - rising) / Math.max(1, steps - rising);
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * Math.max(0, 1 - gone);
    case 'cosine':
      return learningRate * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * gone)));
  }
}
