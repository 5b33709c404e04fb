import { SamplerError, type PassingError } from './errors.js';
import type { Replica } from './pool.js';

/** The error of servers none of which has answered for long. */
export function unreachable(engine: string, replicas: readonly Replica[], patienceMs: number, last: PassingError): SamplerError {
  const each = replicas.map(({ url, lastError }) => lastError ?? `${url}: no error, but busy`);
  return new SamplerError('SAMPLER_UNREACHABLE', `no server has answered for ${patienceMs / 1000} s (${each.join('; ')})`, {
    where: `${engine} sampler`,
    expected: 'at least one server that answers',
    remedy:
      'start the servers again, then resume the run (expctr-train --resume RUN): it goes on from its last checkpoint, and servers that lost the adapter are given it anew',
    cause: last,
  });
}
