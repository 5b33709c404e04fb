import { checkOptions, type OptionKeys } from '@expctr/core';
import type { ItemText } from '@expctr/data';
import { z } from 'zod';
import { RewardError } from './errors.js';
import type { Reward } from './reward.js';
import type { RewardRows } from './reward-rows.js';
import { inScripts, isScript, lettersOf, scriptsOf } from './scripts.js';

/** Options of {@link languageReward}. */
export interface LanguageRewardOptions {
  /** Unicode names of the scripts that are expected, such as `Latin` or `Cyrillic`; at least one. */
  readonly scripts: readonly string[];
}

const LANGUAGE_REWARD_OPTIONS: OptionKeys<LanguageRewardOptions> = { scripts: true };

/**
 * The share of an explanation's letters that are of an expected script, in [0, 1]. Digits, punctuation and symbols are of none and do not
 * count; a text without any letter, an empty one among them, gets 0.
 *
 * It tells scripts apart and not languages: a policy that drifts from English to Chinese or Russian is seen, one that drifts to French is
 * not.
 *
 * @throws {RewardError} `REWARD_OPTION` for no script, or one that Unicode does not know
 */
export function languageReward(parameters: LanguageRewardOptions): (rows: RewardRows) => Promise<Float64Array> {
  checkOptions('languageReward', parameters, LANGUAGE_REWARD_OPTIONS);
  const { scripts } = parameters;
  const unknown = scripts.find((script) => !isScript(script));
  if (unknown !== undefined || scripts.length === 0) {
    throw new RewardError('REWARD_OPTION', unknown === undefined ? 'languageReward: no script' : `there is no script '${unknown}'`, {
      expected: 'names of Unicode scripts, such as Latin, Cyrillic, Han',
      remedy: 'write the script of the language that explanations are to be in',
    });
  }
  const expected = inScripts(scripts);
  return (rows) =>
    Promise.resolve(
      Float64Array.from(rows.read, (text) => {
        const letters = lettersOf(text);
        return letters.length === 0 ? 0 : letters.filter(expected).length / letters.length;
      }),
    );
}

const options = z.object({
  scripts: z
    .array(z.string())
    .min(1)
    .nullable()
    .default(null)
    .describe('scripts that are expected, by their Unicode names, such as ["Latin"]; null = those of the prompt and of the items'),
});

/** The language reward as a part of a run. */
export const languagePart: Reward<z.output<typeof options>> = {
  name: 'language',
  description: 'letters are of the scripts in which prompt and items are written, or of named ones',
  options,
  create(context, { scripts }) {
    if (scripts !== null) return languageReward({ scripts });
    // found when it is first asked: while a configuration is checked there are no texts yet
    let reward: ReturnType<typeof languageReward> | undefined;
    const both = (): string[] => [...scriptsOf([context.examplePrompt()]), ...scriptsOf(textsOf(context.items()))];
    return (rows) => (reward ??= languageReward({ scripts: [...new Set(both())] }))(rows);
  },
};

function* textsOf(items: Iterable<ItemText>): Iterable<string> {
  for (const { title, attributes } of items) {
    yield title;
    for (const values of Object.values(attributes)) yield* values;
  }
}
