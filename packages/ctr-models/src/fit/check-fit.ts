import { backboneNames, checkBackbones, findBackbone } from '../backbones/table.js';
import { CtrError } from '../errors.js';
import { checkBothClasses, checkFeatures, checkIsFeatures } from '../features/check-features.js';
import type { Features } from '../features/encode.js';
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
  checkArguments({ backbone: given, rng, options: givenOptions });
  if (!isObject(train) || !isStream(train)) checkIsFeatures(train as Features, 'fitCtr train');
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

/** What the types of parameters refuse, for callers in plain JavaScript. */
function checkArguments({ backbone, rng, options }: Readonly<Record<'backbone' | 'rng' | 'options', unknown>>): void {
  const where = 'fitCtr';
  if (typeof backbone !== 'string' && !isObject(backbone)) {
    throw new CtrError('CTR_BACKBONE', `the backbone is ${String(backbone)}`, {
      where,
      expected: `a backbone, or one of ${backboneNames().join(', ')}`,
    });
  }
  if (!isObject(rng) || typeof rng['fork'] !== 'function') {
    throw new CtrError('CTR_OPTION', rng === undefined ? 'rng is missing' : 'rng is no generator', {
      where,
      expected: 'a generator',
      remedy: 'pass createRng(seed)',
    });
  }
  if (!isObject(options)) throw new CtrError('CTR_OPTION', `options are ${String(options)}`, { where, expected: 'an object' });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
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
