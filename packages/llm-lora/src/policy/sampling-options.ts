import type { SamplingOptions } from '@expctr/language-model';
import { isTexts } from './byte-text.js';
import { checkConstraint } from './constraint/constraints.js';
import { PolicyError } from './errors.js';

/** Checks how completions are to be drawn. @param prompts their number @throws {@link PolicyError} `POLICY_OPTION` */
export function checkSampling(options: SamplingOptions, prompts: number): void {
  const { maxNewTokens, temperature = 1, topK = 1, topP = 1, minP = 0, completionsPerPrompt = 1, keys } = options;
  const { repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0, stopStrings = [], constraint } = options;
  for (const [name, value] of Object.entries({ maxNewTokens, topK, completionsPerPrompt }))
    if (!Number.isInteger(value) || value < 1) throw wrong(name, value, 'a whole number from 1');
  if (!(temperature >= 0) || temperature === Infinity) throw wrong('temperature', temperature, 'a number from 0 (greedy)');
  if (!(topP > 0 && topP <= 1)) throw wrong('topP', topP, 'a number above 0, at most 1');
  if (!(minP >= 0 && minP <= 1)) throw wrong('minP', minP, 'a number from 0 to 1');
  if (!(repetitionPenalty > 0) || repetitionPenalty === Infinity)
    throw wrong('repetitionPenalty', repetitionPenalty, 'a number above 0 (1: none)');
  for (const [name, value] of Object.entries({ presencePenalty, frequencyPenalty }))
    if (!Number.isFinite(value)) throw wrong(name, value, 'a number (0: none)');
  if (keys !== undefined && keys.length !== prompts) throw wrong('the number of keys', keys.length, `${prompts}, one for each prompt`);
  if (!isTexts(stopStrings)) throw wrong('stopStrings', stopStrings, 'a list of texts, none of them empty or with half a character');
  if (constraint !== undefined) checkConstraint(constraint, stopStrings);
}

function wrong(name: string, value: unknown, expected: string): PolicyError {
  return new PolicyError('POLICY_OPTION', `${name} is ${typeof value === 'number' ? value : JSON.stringify(value)}`, {
    where: 'generate',
    expected,
  });
}
