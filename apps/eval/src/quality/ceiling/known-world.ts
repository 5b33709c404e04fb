import type { Interactions } from '@expctr/data';
import { testbedDataset, TestbedError, testbedWorld, truthOf, type World } from '@expctr/testbed';
import type { RunData } from '../../read/run-data.js';
import { attributeKey } from '../facts.js';

/** What is known of a simulated world in which tastes are for meanings. */
export interface KnownWorld {
  /** How much each field counts on this platform. */
  readonly fieldWeights: readonly number[];
  /** Codes of an item's values, one a field, by item code of the interactions. */
  readonly values: readonly (readonly number[])[];
  /** The attribute that each value is. */
  readonly attributes: readonly string[];
}

/** Float32 is what probabilities are stored in. */
const STORED = 1e-6;

/**
 * The world that a run's rows are of, made again from its configuration. Null for another dataset; where tastes are independent, where
 * users have a second intent (tastes then are two sets, and no one expectation is theirs), where the fields count differently for each user;
 * and where the configuration's world has another truth than the run, which then is of another version or made by a program.
 */
export function knownWorld({ config, interactions, truth }: Pick<RunData, 'config' | 'interactions' | 'truth'>): KnownWorld | null {
  const { dataset, seed, data = {} } = config;
  const options = testbedDataset.options.safeParse(data);
  if (dataset !== testbedDataset.name || (typeof seed !== 'number' && typeof seed !== 'string') || !options.success || truth === null)
    return null;
  if (options.data.tastes !== 'meanings' || options.data.secondIntent) return null;
  try {
    const world = testbedWorld(seed, options.data);
    for (const { interactionId, bayesProbability } of truthOf(world, interactions)) {
      if (Math.abs(bayesProbability - truth[interactionId]!.bayesProbability) > STORED) return null;
    }
    return describe(world, interactions);
  } catch (error) {
    if (error instanceof TestbedError) return null;
    throw error;
  }
}

function describe({ fieldWeights, items, domain }: World, { itemIds }: Interactions): KnownWorld | null {
  if (fieldWeights === null) return null;
  const byId = new Map(items.map(({ itemId, values }) => [itemId, values]));
  return {
    fieldWeights,
    values: itemIds.map((id) => byId.get(id)!),
    attributes: domain.fields.flatMap(({ name, values }) => values.map((value) => attributeKey(name, value))),
  };
}
