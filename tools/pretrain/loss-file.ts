// loss.csv: the loss curve of a pre-training run.
import { appendFile, readFile } from 'node:fs/promises';
import { writeFileAtomic } from '@expctr/core';
import { KINDS, type Kind } from '@expctr/testbed/pretraining';

/** Mean losses a token in nats over the steps before `step`, by what the token teaches. */
export interface LossLine {
  readonly step: number;
  readonly losses: Readonly<Partial<Record<Kind, number>>>;
  /** Of the last of these steps. */
  readonly learningRate: number;
}

/** What stands in a line beside step and losses. */
export interface LossNotes {
  /** Tokens so far, padding included. */
  readonly tokens: number;
  readonly tokensPerSecond: number;
}

/** What is taught: all kinds but the prompts. */
export const TAUGHT = KINDS.slice(1);
const HEAD = ['step', 'tokens', 'learning_rate', ...TAUGHT, 'tokens_per_second'];

/** Begins the file. */
export async function beginLossFile(path: string): Promise<void> {
  await writeFileAtomic(path, `${HEAD.join()}\n`);
}

/** Adds a line. */
export async function addLossLine(path: string, { step, losses, learningRate }: LossLine, notes: LossNotes): Promise<void> {
  const shown = TAUGHT.map((kind) => losses[kind]?.toFixed(4) ?? '');
  await appendFile(path, `${[step, notes.tokens, learningRate.toExponential(3), ...shown, Math.round(notes.tokensPerSecond)].join()}\n`);
}

/** The whole curve. */
export async function readLossFile(path: string): Promise<LossLine[]> {
  const [head = [], ...lines] = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return lines.map((cells) => {
    const value = (name: string): number => Number(cells[head.indexOf(name)]);
    return {
      step: value('step'),
      learningRate: value('learning_rate'),
      losses: Object.fromEntries(TAUGHT.map((kind) => [kind, value(kind)])),
    };
  });
}
