import { flattenTree, type HostTensor } from '@expctr/tfjs-backend-onnx';
import type { StoredTensor } from '../formats/host-tensor.js';
import type { PolicyLimits } from './context.js';
import { PolicyError } from './errors.js';

/** Weights up to this count are packed into the decoding functions: 2^28 float32 are 1 GiB. */
const LARGEST_PACKED = 2 ** 28;
/** Functions kept of a large model, each of which may hold hundreds of MB of activations. */
const FEWEST_FUNCTIONS = 12;
/** Functions kept of a small one, which take longer to compile than to run. */
const MOST_FUNCTIONS = 96;
/** Between the two: functions times weights. */
const FUNCTION_WEIGHTS = 2 ** 28;

const DEFAULT_COUNTS = {
  batchTokens: 512,
  readTokens: 2048,
  sequences: 64,
  cacheBytes: 2 ** 30,
  decoders: 2,
  vocabularyPart: 2048,
};

/** Limits with the defaults for what is not given. @throws {@link PolicyError} `POLICY_OPTION` for one that is no whole number from 1 */
export function completeLimits(given: Partial<PolicyLimits>, tensors: ReadonlyMap<string, StoredTensor>): PolicyLimits {
  const count = [...tensors.values()].flatMap((tensor) => flattenTree<HostTensor>(tensor)).reduce((sum, { data }) => sum + data.length, 0);
  const functions = Math.min(MOST_FUNCTIONS, Math.max(FEWEST_FUNCTIONS, Math.floor(FUNCTION_WEIGHTS / count)));
  const counts = { ...DEFAULT_COUNTS, compiledFunctions: functions };
  const limits = { ...counts, decoderWeights: count > LARGEST_PACKED ? ('inputs' as const) : ('constants' as const), ...given };
  for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
    if (Number.isInteger(limits[name]) && limits[name] >= 1) continue;
    throw new PolicyError('POLICY_OPTION', `${name} is ${limits[name]}`, { where: 'limits', expected: 'a whole number from 1' });
  }
  return limits;
}
