import { ExpctrError } from '@expctr/core';
import { loopOptions, resolveConfig } from '@expctr/ppo';
import { optionsOf } from '../config/config-schema.js';
import { ConfigError } from '../config/errors.js';
import type { Config } from '../config/schema.js';
import type { Registry } from '../plugins/registry.js';

/** More completions than this are no run that anybody waits for: at a hundred a second they take more than a day. */
const MOST_COMPLETIONS = 10_000_000;

/** The settings of policy optimization, as its algorithm takes them. @throws ConfigError `CONFIG_INVALID` */
export function checkAlgorithm({ ppo, llm }: Config, { algorithms }: Registry): void {
  const algorithm = algorithms.find(({ name }) => name === ppo.algorithm)!;
  const options = { ...optionsOf(loopOptions, ppo), ...optionsOf(algorithm.options, ppo) };
  try {
    resolveConfig(algorithm, { ...options, maxNewTokens: llm.maxNewTokens, stopTokenIds: [] });
  } catch (cause) {
    if (!(cause instanceof ExpctrError)) throw cause;
    const { where, expected, remedy } = cause;
    throw new ConfigError('CONFIG_INVALID', `${ppo.algorithm} cannot be run with these settings`, {
      where: where === undefined ? 'ppo' : `ppo.${where}`,
      ...(expected === undefined ? {} : { expected }),
      ...(remedy === undefined ? {} : { remedy }),
      cause,
    });
  }
}

/** The number of completions that a run samples in all. @throws ConfigError `CONFIG_TOO_MUCH` */
export function checkCompletions({ ppo, iterations }: Config): void {
  const updates = ppo.stage1Updates + iterations * ppo.stage3Updates;
  const completions = updates * ppo.promptsPerUpdate * ppo.completionsPerPrompt * (1 + ppo.refillRounds);
  if (completions <= MOST_COMPLETIONS) return;
  const count = (value: number): string => value.toLocaleString('en-US');
  throw new ConfigError('CONFIG_TOO_MUCH', `the run would sample ${count(completions)} completions`, {
    where: 'ppo',
    expected: `at most ${count(MOST_COMPLETIONS)} in all (more than a day's work at 100 a second); these are ${count(updates)} updates of ${count(ppo.promptsPerUpdate)} prompts with ${count(ppo.completionsPerPrompt)} completions each${ppo.refillRounds === 0 ? '' : `, refilled up to ${count(ppo.refillRounds)} times`}`,
    remedy: 'lower ppo.stage1Updates, ppo.stage3Updates, iterations, ppo.promptsPerUpdate or ppo.completionsPerPrompt',
  });
}
