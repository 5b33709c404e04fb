import type { SamplingOptions } from '@expctr/language-model';
import type { Engine } from './engine.js';
import { SamplerError } from './errors.js';

/** What a text has to be known for, or what changes log-probabilities that servers then give changed: an option and the value that asks for nothing. */
const NOT_ON_SERVERS: readonly (readonly [name: keyof SamplingOptions, asksNothing: (value: never) => boolean])[] = [
  ['repetitionPenalty', (value: number) => value === 1],
  ['presencePenalty', (value: number) => value === 0],
  ['frequencyPenalty', (value: number) => value === 0],
  ['stopStrings', (value: readonly string[]) => value.length === 0],
  ['constraint', () => false],
];

/**
 * Refuses what servers do not do, or not as the policy does it.
 * @throws SamplerError `SAMPLER_OPTION` which names the option
 */
export function checkSupported({ name: engine, minPFirst = false }: Engine, options: SamplingOptions): void {
  for (const [name, asksNothing] of NOT_ON_SERVERS) {
    const value = options[name];
    if (value !== undefined && !asksNothing(value as never)) throw unsupported(engine, `${name} is not for servers`, 'none');
  }
  const { minP = 0, topP = 1 } = options;
  if (!(minP >= 0 && minP <= 1)) throw unsupported(engine, `minP is ${minP}`, 'a number from 0 to 1');
  if (minPFirst && minP > 0 && topP < 1) throw unsupported(engine, 'minP and topP are given', 'one of them: it applies minP first');
}

function unsupported(engine: string, what: string, expected: string): SamplerError {
  return new SamplerError('SAMPLER_OPTION', what, {
    where: `${engine} sampler, generate`,
    expected,
    remedy: 'leave it out, or sample with the policy in this process',
    wrongUse: true,
  });
}
