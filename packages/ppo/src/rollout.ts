import { checkOptions, type SeedPath, type OptionKeys } from '@expctr/core';
import type { Sampler, TokenIds } from '@expctr/language-model';
import type { HostTreeOf, Score, TokenBatch } from '@expctr/language-model/training';
import { PpoError } from './errors.js';
import type { ResolvedLoopConfig } from './loop-options.js';
import type { Minibatch } from './minibatches.js';
import { requireFinite, requireSameShape } from './ragged.js';
import { stopAt } from './shaped-rewards.js';

/** A completion ready to be scored: cut at its first stop token. */
export interface Rollout {
  /** Index into the prompts of the update. */
  readonly promptIndex: number;
  /** Token ids of that prompt. */
  readonly prompt: TokenIds;
  /** The response alone, stop token included. */
  readonly tokens: Int32Array;
  /** The sampler's log-probabilities in nats, for a metric only. */
  readonly samplerLogProbs: Float32Array;
  /** 'stop': holds a stop token; 'length': was cut before one came. */
  readonly finishReason: 'stop' | 'length';
  /** Published versions by which the adapter that wrote it was behind. Absent = 0. */
  readonly staleness?: number;
}

/** How rollouts are sampled; the fields are those of the loop's options. */
export type RolloutSettings = Pick<
  ResolvedLoopConfig,
  'maxNewTokens' | 'stopTokenIds' | 'completionsPerPrompt' | 'temperature' | 'topK' | 'topP'
>;

/** Arguments of {@link rollOut}. */
export interface RolloutOptions {
  /** Writes the completions. */
  readonly sampler: Sampler;
  /** Which adapter writes them: one in memory that the sampler shares (null = the base model), or one of versions that were published, the newest first. */
  readonly adapter: { readonly name: string | null } | { readonly versions: readonly string[] };
  /** Token ids of the prompts, not padded. */
  readonly prompts: readonly TokenIds[];
  /** Lengths, temperature and the like. */
  readonly settings: RolloutSettings;
  /** Names the random stream that those of the completions are forked from. */
  readonly seed: SeedPath;
  /** Handed to the sampler. */
  readonly onProgress?: ((done: number, most: number) => void) | undefined;
}

const ROLL_OUT_OPTIONS: OptionKeys<RolloutOptions> = {
  sampler: true,
  adapter: true,
  prompts: true,
  settings: true,
  seed: true,
  onProgress: true,
};

/**
 * Completions of the prompts, prompt-major, each cut after its first stop token whatever the sampler went on to write.
 * @throws PpoError PPO_RAGGED for a completion without tokens or prompt, or without their log-probabilities, PPO_STALE for one of another adapter's version
 */
export async function rollOut(parameters: RolloutOptions): Promise<Rollout[]> {
  checkOptions('rollOut', parameters, ROLL_OUT_OPTIONS);
  const { sampler, adapter, prompts, settings, seed, onProgress } = parameters;
  const { maxNewTokens, stopTokenIds, completionsPerPrompt, temperature, topK, topP } = settings;
  const completions = await sampler.generate(prompts, {
    maxNewTokens,
    stopTokenIds,
    completionsPerPrompt,
    temperature,
    seed,
    ...('name' in adapter ? { adapter: adapter.name } : {}),
    ...(topK === null ? {} : { topK }),
    ...(topP === 1 ? {} : { topP }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return completions.map(({ promptIndex, tokens, logProbs, version }) => {
    const staleness = 'versions' in adapter ? adapter.versions.indexOf(version ?? '') : 0;
    if (staleness < 0 && 'versions' in adapter) throw stale(version, adapter.versions);
    const stop = stopAt(tokens, stopTokenIds);
    const length = stop < 0 ? tokens.length : stop + 1;
    const prompt = prompts[promptIndex];
    if (prompt === undefined || length === 0) {
      throw new PpoError('PPO_RAGGED', prompt === undefined ? `promptIndex is ${promptIndex}` : 'a completion is empty', {
        where: 'generate',
        expected: `at least one token for a prompt in 0..${prompts.length - 1}`,
      });
    }
    if (logProbs.length !== tokens.length) {
      throw new PpoError('PPO_RAGGED', `a completion has ${tokens.length} tokens and ${logProbs.length} log-probabilities`, {
        where: 'generate',
        expected: 'one for each token',
      });
    }
    return {
      promptIndex,
      prompt,
      tokens: tokens.slice(0, length),
      samplerLogProbs: logProbs.slice(0, length),
      finishReason: stop < 0 ? 'length' : 'stop',
      ...(staleness > 0 ? { staleness } : {}),
    };
  });
}

function stale(version: string | undefined, [newest, ...older]: readonly string[]): PpoError {
  return new PpoError('PPO_STALE', version === undefined ? 'a completion names no version' : `a completion is of version ${version}`, {
    where: 'sampler.generate',
    expected: `version ${newest}, which was just published${older.length === 0 ? '' : ` (or, by maxStaleness, ${older.join(', ')})`}`,
    remedy:
      'see that every replica of the sampler loads what is published, and that it answers with that adapter, or allow older ones by maxStaleness',
  });
}

/** Some of the rollouts as a batch, in the order of `rows`; the same rows in the same order make the same batch. */
export function batchOf(rollouts: readonly Rollout[], rows: readonly number[], temperature: number): TokenBatch {
  return { prompts: rows.map((row) => rollouts[row]!.prompt), responses: rows.map((row) => rollouts[row]!.tokens), temperature };
}

/** Arguments of {@link scoreRollouts}. */
export interface ScoringOptions<P, Name extends string> {
  /** The compiled scoring pass. */
  readonly score: Score<P>;
  /** Parameters of the compiled head. */
  readonly extra: HostTreeOf<P>;
  /** Names of the head's outputs. */
  readonly outputs: readonly Name[];
  /** All rollouts of the update. */
  readonly rollouts: readonly Rollout[];
  /** Whose micro-batches are scored as they are: the first epoch's, so that its first ratios are exactly 1. */
  readonly minibatches: readonly Minibatch[];
  /** Which adapter is asked; null = the base model. */
  readonly adapter: string | null;
  /** Divides the logits. */
  readonly temperature: number;
}

const SCORE_ROLLOUTS_OPTIONS: OptionKeys<ScoringOptions<never, never>> = {
  score: true,
  extra: true,
  outputs: true,
  rollouts: true,
  minibatches: true,
  adapter: true,
  temperature: true,
};

/**
 * Runs the compiled scoring pass over all rollouts, one call for each micro-batch.
 * @returns the head's outputs by name, ragged, in the order of `rollouts`
 * @throws PpoError PPO_RAGGED when an output is not as long as its response, PPO_NOT_FINITE when it holds NaN or infinity
 */
export async function scoreRollouts<P, Name extends string>(options: ScoringOptions<P, Name>): Promise<Record<Name, Float32Array[]>> {
  checkOptions('scoreRollouts', options, SCORE_ROLLOUTS_OPTIONS);
  const { score, extra, outputs, rollouts, minibatches, adapter, temperature } = options;
  const gathered = Object.fromEntries(outputs.map((name) => [name, new Array<Float32Array>(rollouts.length)])) as Record<
    Name,
    Float32Array[]
  >;
  for (const rows of minibatches.flatMap(({ microBatches }) => microBatches)) {
    const batch = batchOf(rollouts, rows, temperature);
    const results = await score.run(batch, adapter, extra);
    for (const name of outputs) {
      const values = results[name] ?? [];
      requireSameShape(name, values, batch.responses);
      requireFinite(name, values);
      rows.forEach((row, i) => (gathered[name][row] = values[i]!));
    }
  }
  return gathered;
}
