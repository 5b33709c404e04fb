import { CtrError } from '@expctr/ctr-models';

/** A metric, or null where it needs both classes and has one. */
export function definedOr(metric: () => number): number | null {
  try {
    return metric();
  } catch (error) {
    if (error instanceof CtrError && (error.code === 'CTR_ONE_CLASS' || error.code === 'CTR_EMPTY')) return null;
    throw error;
  }
}
