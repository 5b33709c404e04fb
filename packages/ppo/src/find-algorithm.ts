import type { Algorithm } from './algorithm.js';
import { PpoError } from './errors.js';

/**
 * @param algorithm a name in `table`, or an algorithm, which is taken as it is
 * @throws PpoError PPO_ALGORITHM for a name that is not in the table
 */
export function findAlgorithm(algorithm: string | Algorithm, table: Readonly<Record<string, Algorithm>>): Algorithm {
  if (typeof algorithm !== 'string') return algorithm;
  const found = Object.hasOwn(table, algorithm) ? table[algorithm] : undefined;
  if (found !== undefined) return found;
  throw new PpoError('PPO_ALGORITHM', `there is no algorithm ${algorithm}`, {
    where: 'algorithm',
    expected: `one of ${Object.keys(table).join(', ')}`,
    remedy: 'correct the name, or pass the algorithm itself',
  });
}
