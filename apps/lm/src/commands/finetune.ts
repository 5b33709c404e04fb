import { print } from '@expctr/core';
import { targetsOf, type LoraOptions } from '@expctr/llm-lora';
import { finetune, parseExample, type Example, type SftOptions } from '@expctr/llm-lora/sft';
import { loadModel, type ModelFlags } from '../load.js';
import { readRows } from '../rows/read-rows.js';

/** Flags of `expctr-lm finetune`: those of the library, and these. */
export interface FinetuneFlags extends ModelFlags, SftOptions {
  readonly train: readonly string[];
  readonly evaluation?: readonly string[];
  readonly out: string;
  readonly resume?: boolean;
  readonly rank: number;
  readonly alpha?: number;
  readonly target?: readonly string[];
  readonly dora?: boolean;
  readonly batchTokens?: number;
  readonly recomputeLayers?: boolean;
}

/** `expctr-lm finetune`. */
export async function finetuneCommand(model: string, flags: FinetuneFlags, signal: AbortSignal): Promise<void> {
  const { train, evaluation = [], out, resume = false, rank, alpha, target, dora, batchTokens, recomputeLayers, ...rest } = flags;
  const { weights, threads, adapter, ...options } = rest;
  const [examples, held] = [await examplesIn(train), await examplesIn(evaluation)];
  const lora: LoraOptions = {
    rank,
    alpha: alpha ?? 2 * rank,
    ...(target === undefined ? {} : { targetModules: targetsOf(target) }),
    ...(dora === true ? { weightDecomposed: true } : {}),
    baseModel: model,
  };
  const limits = { ...(batchTokens === undefined ? {} : { batchTokens }), ...(recomputeLayers === true ? { recomputeLayers } : {}) };
  const flagsOfModel = {
    ...(weights === undefined ? {} : { weights }),
    ...(threads === undefined ? {} : { threads }),
    ...(adapter === undefined ? {} : { adapter }),
  };
  const { policy, progress } = await loadModel(model, flagsOfModel, { lora, limits });
  try {
    let task: ReturnType<typeof progress.begin> | undefined;
    let before = 0;
    const result = await finetune(policy, examples, {
      ...options,
      evaluation: held,
      folder: out,
      resume,
      signal,
      onBegin(step, steps) {
        before = step;
        if (step > 0) progress.say(`  ${step} of ${steps} updates were made before`);
        if (step < steps) task = progress.begin('fine-tuning', steps - step, 'updates');
      },
      onProgress({ step, loss, tokensPerSecond, evaluation: evaluated }) {
        task?.update(step - before, `loss ${loss.toFixed(4)}, ${Math.round(tokensPerSecond)} tokens/s`);
        if (evaluated !== undefined) progress.say(`  update ${step}: evaluation loss ${evaluated.loss.toFixed(4)}`);
      },
    });
    task?.done();
    const { counts, step, best, stoppedEarly, losses, evaluations } = result;
    const parts = [
      `${step} updates on ${counts.rows} rows (${counts.learned} of ${counts.tokens} tokens learned)`,
      ...(counts.truncated > 0 ? [`${counts.truncated} truncated`] : []),
      ...(counts.skipped > 0 ? [`${counts.skipped} left out`] : []),
      `loss ${losses[0]?.toFixed(4)} to ${losses.at(-1)?.toFixed(4)}`,
      ...(best === null ? [] : [`evaluation loss ${evaluations[0]!.loss.toFixed(4)} to ${best.loss.toFixed(4)} at update ${best.step}`]),
      ...(stoppedEarly ? ['stopped early'] : []),
    ];
    print(`${out}: ${parts.join(', ')}`);
  } finally {
    await policy.dispose();
  }
}

async function examplesIn(paths: readonly string[]): Promise<Example[]> {
  const files = await Promise.all(paths.map(readRows));
  return files.flat().map(({ fields, where }) => parseExample(fields, where));
}
