import { checkOptions, createRng, sha256, writeFileAtomic, type OptionKeys, type Rng } from '@expctr/core';
import { join } from '@expctr/core/platform';
import type { LanguageModel, TrainStep } from '@expctr/language-model/training';
import { adamw, chain, clipByGlobalNorm, type Optimizer } from '@expctr/tfjs-backend-onnx';
import type { Adapter } from '../formats/adapter.js';
import { saveAdapter } from '../formats/peft/save.js';
import { plainPattern, readCheckpoint, writeCheckpoint, type Evaluation, type SftCheckpoint, type SftProgress } from './checkpoint.js';
import { SftError } from './errors.js';
import { evaluationLoss } from './evaluate.js';
import type { Example } from './example.js';
import { tokenCrossEntropy } from './loss.js';
import { parseSftOptions, sftOptions, type SftOptions, type SftSettings } from './options.js';
import { batchOf, learnedTokens, rowsDigest, rowsOf, type SftCounts, type SftRow } from './rows.js';
import { learningRateAt } from './schedule.js';

/** How far a fine-tuning is. */
export interface FinetuneProgress {
  /** Updates that were made. */
  readonly step: number;
  /** Updates of the whole training. */
  readonly steps: number;
  /** Mean cross entropy of a learned token of the last update in nats, before it. */
  readonly loss: number;
  /** Step size of that update. */
  readonly learningRate: number;
  /** Norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** Tokens a second, those that are given among them, since this call began. */
  readonly tokensPerSecond: number;
  /** Seconds left, by the pace so far. */
  readonly secondsLeft: number;
  /** The evaluation that followed the update; absent where none did. */
  readonly evaluation?: Evaluation;
}

/** Options of {@link finetune}: {@link SftOptions}, and what does not decide the adapter. */
export interface FinetuneOptions extends SftOptions {
  /** Examples that are not learned: their loss is taken before the first update, and then as `evaluateEvery` says. */
  readonly evaluation?: readonly Example[];
  /** Where checkpoints, the adapter (`adapter/`, in PEFT's format) and the losses (`finetune.json`) go. Default: nowhere. */
  readonly folder?: string;
  /** Goes on from the checkpoint in `folder`, where there is one. Default false: a folder with one is refused. */
  readonly resume?: boolean;
  /** Called before the first update of this call: how many were made before it, and how many there are. */
  readonly onBegin?: (step: number, steps: number) => void;
  /** Called after each update. */
  readonly onProgress?: (progress: FinetuneProgress) => void;
  /** Aborted, the call ends after the update under way, with a checkpoint, and throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a fine-tuning did. */
export interface FinetuneResult extends SftProgress {
  /** The adapter that was trained, active in the policy. */
  readonly adapter: string;
  /** Updates that it would have made without early stopping. */
  readonly steps: number;
  /** What became of the examples. */
  readonly counts: SftCounts;
}

const OPTIONS: OptionKeys<FinetuneOptions> = {
  ...(Object.fromEntries(Object.keys(sftOptions.shape).map((name) => [name, true])) as OptionKeys<SftOptions>),
  evaluation: true,
  folder: true,
  resume: true,
  onBegin: true,
  onProgress: true,
  signal: true,
};

/**
 * Supervised fine-tuning of the active adapter (a new one, `sft`, where there is none) on examples, with AdamW. The loss of an update is
 * the sum over the learned tokens of all its examples divided by their number, however many go in at a time.
 *
 * The same options and examples give the same adapter to the last bit, also where the training was interrupted and went on, on the same
 * machine with the same number of threads.
 *
 * @throws SftError for examples, options and checkpoints that cannot be used; errors of tokenizer and policy
 */
export async function finetune(
  policy: LanguageModel<Adapter>,
  examples: readonly Example[],
  options: FinetuneOptions = {},
): Promise<FinetuneResult> {
  checkOptions('finetune', options, OPTIONS);
  const { evaluation = [], folder, resume = false, onBegin, onProgress, signal, ...given } = options;
  const settings = parseSftOptions(given);
  signal?.throwIfAborted();
  const { tokenizer, adapters, maxPositions } = policy;
  const { rows, counts } = rowsOf(examples, tokenizer, settings, maxPositions);
  const held = evaluation.length === 0 ? [] : rowsOf(evaluation, tokenizer, settings, maxPositions, 'evaluation example').rows;
  const rng = createRng(['sft', settings.seed]);
  if (adapters.active === '') adapters.create('sft', rng.fork('adapter'));
  const name = adapters.active;
  const steps = stepsOf(rows.length, settings);
  const identity = identityOf(policy, settings, rows, held, adapters.get(name));
  const path = folder === undefined ? null : join(folder, 'checkpoint.safetensors');
  const found = path === null ? null : await readCheckpoint(path);
  if (found !== null) checkResume(found, identity, resume, path!);

  let progress: SftProgress = found?.progress ?? { step: 0, losses: [], evaluations: [], best: null, waits: 0, stoppedEarly: false };
  let best: Adapter | null = found?.best ?? null;
  if (found !== null) adapters.set(name, found.adapter);
  const step = await policy.compileStep(tokenCrossEntropy, optimizerOf(settings), {});
  if (found !== null) step.importState(found.state);

  const save = async (): Promise<void> => {
    if (path === null) return;
    await writeCheckpoint(path, { progress, identity, adapter: adapters.get(name), best, state: step.exportState() });
  };
  /** Whether what was trained so far is to be evaluated and was not: also where a call that was aborted meanwhile goes on. */
  const evaluationDue = (): boolean => {
    const every = settings.evaluateEvery === 0 ? epochSteps(rows.length, settings) : settings.evaluateEvery;
    const due = progress.step % every === 0 || progress.step === steps;
    return held.length > 0 && due && progress.evaluations.at(-1)?.step !== progress.step;
  };
  const evaluate = async (): Promise<void> => {
    const loss = await evaluationLoss(policy, held, name, { pack: settings.pack, signal }).catch(async (error: unknown) => {
      if (signal?.aborted === true) await save();
      throw error;
    });
    const now = { step: progress.step, loss };
    const isBest = progress.best === null || loss < progress.best.loss;
    if (isBest) best = adapters.get(name);
    const waits = isBest ? 0 : progress.waits + 1;
    progress = {
      ...progress,
      evaluations: [...progress.evaluations, now],
      best: isBest ? now : progress.best,
      waits,
      stoppedEarly: settings.patience > 0 && waits >= settings.patience,
    };
  };

  try {
    if (evaluationDue()) await evaluate();
    onBegin?.(progress.step, steps);
    const clock = paceOf(steps - progress.step);
    while (progress.step < steps && !progress.stoppedEarly) {
      const at = progress.step;
      const batch = batchAt(at, rows, settings, rng);
      const learningRate = learningRateAt(at, steps, settings);
      const { loss, gradientNorm } = await update(step, batch, learningRate, settings, at);
      progress = { ...progress, step: at + 1, losses: [...progress.losses, loss] };
      const isDue = evaluationDue();
      if (isDue) await evaluate();
      const latest = isDue ? { evaluation: progress.evaluations.at(-1)! } : {};
      onProgress?.({ step: at + 1, steps, loss, learningRate, gradientNorm, ...clock(batch), ...latest });
      const isLast = at + 1 === steps || progress.stoppedEarly;
      if (isLast || (at + 1) % settings.checkpointEvery === 0 || signal?.aborted === true) await save();
      if (!isLast) signal?.throwIfAborted();
    }
  } finally {
    await step.dispose();
  }

  if (settings.keepBest && best !== null) adapters.set(name, best);
  const result = { ...progress, steps, counts };
  if (folder !== undefined) {
    await saveAdapter(join(folder, 'adapter'), adapters.get(name));
    await writeFileAtomic(join(folder, 'finetune.json'), `${JSON.stringify({ settings, ...result }, null, 2)}\n`);
  }
  return { adapter: name, ...result };
}

function optimizerOf({ learningRate, beta1, beta2, epsilon, weightDecay, maxGradientNorm }: SftSettings): Optimizer {
  const descent = adamw({ learningRate, beta1, beta2, epsilon, weightDecay });
  return maxGradientNorm === 0 ? descent : chain(clipByGlobalNorm(maxGradientNorm), descent);
}

/** Updates of an epoch. */
function epochSteps(rows: number, { batchSize }: SftSettings): number {
  return Math.ceil(rows / batchSize);
}

function stepsOf(rows: number, settings: SftSettings): number {
  const all = settings.epochs * epochSteps(rows, settings);
  return settings.maxSteps === 0 ? all : Math.min(all, settings.maxSteps);
}

/** The rows of an update: they follow from its number alone. */
function batchAt(step: number, rows: readonly SftRow[], settings: SftSettings, rng: Rng): SftRow[] {
  const perEpoch = epochSteps(rows.length, settings);
  const epoch = Math.floor(step / perEpoch);
  const order = rows.map((_, row) => row);
  if (settings.shuffle) rng.fork('order', epoch).shuffle(order);
  const from = (step % perEpoch) * settings.batchSize;
  return order.slice(from, from + settings.batchSize).map((row) => rows[row]!);
}

async function update(
  step: TrainStep<object>,
  batch: readonly SftRow[],
  learningRate: number,
  { pack }: SftSettings,
  at: number,
): Promise<{ loss: number; gradientNorm: number }> {
  const tokens = batch.reduce((sum, row) => sum + learnedTokens(row), 0);
  const { metrics, gradientNorm, skipped } = await step.run([{ ...batchOf(batch, pack), scalars: { tokens } }], { learningRate });
  const loss = metrics['loss']!;
  if (!skipped && Number.isFinite(loss)) return { loss, gradientNorm };
  throw new SftError('SFT_NOT_FINITE', `the loss is ${loss}, the norm of its gradient ${gradientNorm}`, {
    where: `update ${at + 1}`,
    remedy: 'lower learningRate, or give it a warm-up',
  });
}

/** Tokens a second, and the time left. */
function paceOf(updates: number): (batch: readonly SftRow[]) => Pick<FinetuneProgress, 'tokensPerSecond' | 'secondsLeft'> {
  const started = performance.now();
  let done = 0;
  let tokens = 0;
  return (batch) => {
    done += 1;
    tokens += batch.reduce((sum, { prompt, response }) => sum + prompt.length + response.length, 0);
    const seconds = (performance.now() - started) / 1000;
    return { tokensPerSecond: tokens / seconds, secondsLeft: (seconds / done) * (updates - done) };
  };
}

/** What a training is of. Where it goes on, each has to be as it was. */
function identityOf(
  { family, tokenizer }: LanguageModel<Adapter>,
  { checkpointEvery: _, ...settings }: SftSettings,
  rows: readonly SftRow[],
  held: readonly SftRow[],
  { config }: Adapter,
): SftCheckpoint['identity'] {
  const model = sha256(JSON.stringify([family, tokenizer.hash]));
  return { ...settings, model, examples: rowsDigest(rows), evaluation: rowsDigest(held), adapter: JSON.stringify(config, plainPattern) };
}

/** @throws SftError `SFT_FOLDER_USED`, `SFT_RESUME` */
function checkResume({ identity: before }: SftCheckpoint, now: SftCheckpoint['identity'], resume: boolean, where: string): void {
  if (!resume) {
    throw new SftError('SFT_FOLDER_USED', 'the checkpoint of another fine-tuning lies there', {
      where,
      remedy: 'go on with it by resume, or choose another folder',
      wrongUse: true,
    });
  }
  const changed = Object.keys({ ...before, ...now }).filter((name) => before[name] !== now[name]);
  if (changed.length === 0) return;
  throw new SftError('SFT_RESUME', `since the checkpoint was written, ${changed.join(', ')} changed`, {
    where,
    expected: 'the same options, examples, adapter and model; checkpointEvery may change',
    remedy: 'give what was given before, or choose another folder',
    wrongUse: true,
  });
}
