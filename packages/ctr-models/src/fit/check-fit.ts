import { checkBackbones, findBackbone } from '../backbones/table.js';
import { CtrError } from '../errors.js';
import { checkBothClasses, checkFeatures } from '../features/check-features.js';
import { eventsFeatures } from '../features/schema.js';
import { sameSchema } from '../features/same-schema.js';
import { isStream, type FeatureStream } from '../stream/feature-stream.js';
import type { FitCtrParameters } from './fit-ctr.js';
import type { FitInputs } from './fit-identity.js';
import { resolveOptions } from './options.js';
import { rowWeights } from './row-weights.js';

/** What a fit is of, checked, its options complete. @throws CtrError as `fitCtr` */
export function checkFit(
  parameters: Pick<FitCtrParameters, 'backbone' | 'backbones' | 'train' | 'valid' | 'options' | 'weights' | 'rng'>,
): FitInputs {
  const { backbone: given, backbones = [], train, valid, options: givenOptions = {}, weights, rng } = parameters;
  if (typeof given !== 'string') checkBackbones([given]);
  const backbone = typeof given === 'string' ? findBackbone(given, backbones) : given;
  const options = resolveOptions(backbone, givenOptions, train.length);
  for (const [where, features] of [['train', train] as const, ['valid', valid] as const]) {
    if (features === undefined) continue;
    if (isStream(features)) {
      checkStream(features, weights);
      continue;
    }
    checkFeatures(features, `fitCtr ${where}`);
    checkBothClasses(features, `fitCtr ${where}`);
    if (!sameSchema(features.schema, train.schema))
      throw new CtrError('CTR_SCHEMA', 'train and valid have different schemas', { where: 'fitCtr' });
  }

  if (backbone.usesSequences && eventsFeatures(train.schema).length === 0) {
    throw new CtrError('CTR_SCHEMA', `the backbone ${backbone.name} reads sequences, and the features have none`, {
      where: 'fitCtr',
      expected: "a feature of the kind 'events'",
      remedy: 'build them with buildFeatures({ events: true, ... })',
    });
  }
  return {
    backbone,
    options,
    train,
    valid,
    weights: isStream(train) ? undefined : rowWeights(train.labels, weights, options.fit.positiveWeight),
    rng,
  };
}

/** Its rows are checked as they come. */
function checkStream({ length, positives }: FeatureStream, weights: unknown): void {
  const where = 'fitCtr train';
  if (positives === 0 || positives === length) {
    throw new CtrError('CTR_ONE_CLASS', `all ${length} labels are ${positives === 0 ? 0 : 1}`, {
      where,
      expected: 'rows of both classes',
      remedy: 'choose another label threshold, or more rows',
    });
  }
  if (weights === undefined) return;
  throw new CtrError('CTR_OPTION', 'rows that are streamed have no weights of their own', {
    where,
    remedy: 'leave weights out (positiveWeight weighs classes), or fit on rows in memory',
  });
}
