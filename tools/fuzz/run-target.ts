import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRng, ExpctrError } from '@expctr/core';
import { mutate } from './mutate.js';
import type { Files, Target } from './target.js';

/** What came of the inputs. */
export interface Counts {
  /** Read. */
  value: number;
  /** Refused with an ExpctrError. */
  typed: number;
  /** Anything else: the target is at fault. */
  readonly failures: Failure[];
}

/** A run that went wrong. */
export interface Failure {
  /** Number of the run; the same seed and number give the same input. */
  readonly run: number;
  /** What happened. */
  readonly what: string;
}

/** Options of {@link runTarget}. */
export interface RunOptions {
  readonly seed: number;
  /** Number of the first run. Default 0. */
  readonly from?: number;
  readonly runs: number;
  /** Empty; the input of the run under way lies in its folder `input`. */
  readonly folder: string;
  /** Where inputs of failed runs are kept; nowhere by default. */
  readonly keep?: string | undefined;
  /** Called before each run. */
  readonly onRun?: (run: number, counts: Counts) => void;
}

/** Gives a target inputs that were changed at random, one after the other. */
export async function runTarget(target: Target, { seed, from = 0, runs, folder, keep, onRun }: RunOptions): Promise<Counts> {
  const samples = await target.samples(join(folder, 'samples'));
  const input = join(folder, 'input');
  const counts: Counts = { value: 0, typed: 0, failures: [] };
  for (const sample of target.isWhole === false ? [] : samples) {
    place(input, sample);
    await target.read(input); // a target that refuses what is right tests nothing
  }
  for (let run = from; run < from + runs; run += 1) {
    onRun?.(run, counts);
    place(input, changed(target, samples, seed, run));
    try {
      await target.read(input);
      counts.value += 1;
    } catch (error) {
      if (error instanceof ExpctrError) counts.typed += 1;
      else {
        counts.failures.push({ run, what: describe(error) });
        if (keep !== undefined) cpSync(input, join(keep, `${target.name}-${seed}-${run}`), { recursive: true });
      }
    }
  }
  return counts;
}

function changed(target: Target, samples: readonly Files[], seed: number, run: number): Files {
  const rng = createRng(seed).fork(target.name, run);
  const sample = samples[rng.int(samples.length)]!;
  const names = Object.keys(sample).filter(target.changes ?? (() => true));
  const name = names[rng.int(names.length)]!;
  const others = samples.flatMap((each) =>
    Object.entries(each).flatMap(([file, bytes]) => (target.changes?.(file) === false ? [] : [bytes])),
  );
  const bytes = Buffer.from(sample[name]!);
  const inside = target.inside !== undefined && rng.int(2) === 0;
  return {
    ...sample,
    [name]: inside ? target.inside(bytes, rng) : mutate(bytes, rng, /\.jsonl?$/u.test(name), Buffer.from(others[rng.int(others.length)]!)),
  };
}

function place(folder: string, files: Files): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 200);
  const place =
    error.stack
      ?.split('\n')
      .find((line) => line.includes('    at ') && !line.includes('node:internal'))
      ?.trim() ?? '';
  return `${error.name}: ${error.message.slice(0, 200)} ${place}`;
}
