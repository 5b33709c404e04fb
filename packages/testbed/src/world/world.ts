import { createRng, checkOptions, type OptionKeys } from '@expctr/core';
import { requireInteger } from '../errors.js';
import { inventItems, type WorldItem } from './catalogue.js';
import { platformWeights } from './field-weights.js';
import { completeWorldOptions, type CompleteWorldOptions, type WorldOptions } from './options.js';
import { inventUser, type WorldUser } from './user.js';
import { DOMAINS, type Domain } from './vocabulary.js';

/** A simulated world: items with attributes, and users whose tastes over attributes are known. */
export interface World {
  /** What it was made from, defaults included. */
  readonly options: CompleteWorldOptions;
  /** Its fields and their values. */
  readonly domain: Domain;
  /** How much each field counts on this platform; null where every user has weights of their own. */
  readonly fieldWeights: readonly number[] | null;
  /** All items. */
  readonly items: readonly WorldItem[];
  /** User number `at`, from 0: made when asked for, the same each time, and not kept. @throws TestbedError `TESTBED_OPTION` */
  user(at: number): WorldUser;
}

const GENERATE_WORLD_OPTIONS: OptionKeys<WorldOptions> = {
  seed: true,
  users: true,
  items: true,
  minInteractions: true,
  maxInteractions: true,
  tastes: true,
  fieldWeights: true,
  likes: true,
  dislikes: true,
  secondIntent: true,
  secondDomain: true,
};

/**
 * A world from a seed. Labels are drawn from a logistic model: a user's bias, the item's quality, and for every attribute value of the
 * item the user's taste for it times what its field counts; so the true reasons of each label and its Bayes-optimal probability are known.
 * A user depends on the seed, the number and the items alone, so that any number of them can be made one after the other.
 * @throws TestbedError `TESTBED_OPTION` for options that make no sense, by name
 */
export function generateWorld(options: WorldOptions): World {
  checkOptions('generateWorld', options, GENERATE_WORLD_OPTIONS);
  const complete = completeWorldOptions(options);
  const domain = complete.secondDomain ? DOMAINS.second : DOMAINS.first;
  const rng = createRng(complete.seed).fork('testbed-world');
  const items = inventItems(complete.items, domain, rng.fork(complete.secondDomain ? 'second-domain' : 'first-domain'));
  const fieldWeights = platformWeights(complete, rng.fork('platform'));
  return {
    options: complete,
    domain,
    fieldWeights,
    items,
    user(at) {
      requireInteger('the number of a user', at, 0, complete.users - 1);
      return inventUser(at, items, fieldWeights, complete, rng);
    },
  };
}
