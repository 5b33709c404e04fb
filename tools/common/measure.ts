// What benchmarks have in common: taking turns, medians, and the name of the processor, without which no figure means anything.
import { availableParallelism, cpus } from 'node:os';

/** The processor and how many of its cores there are for this process: every benchmark prints it. */
export function processor(): string {
  return `${cpus()[0]?.model.trim() || 'unknown processor'}, ${availableParallelism()} cores`;
}

/** The middle one; of an even number the upper of both. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

/** Arithmetic mean. */
export function mean(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i += 1) sum += numbers[i]!;
  return sum / numbers.length;
}

/** Result of a task and the milliseconds that it took, on the wall and of processor time. */
export interface Timed<T> {
  readonly result: T;
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
}

/** Runs a task once. */
export async function timed<T>(task: () => T | Promise<T>): Promise<Timed<T>> {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const result = await task();
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { result, milliseconds, cpuMilliseconds: (user + system) / 1000 };
}

/** The best of a few runs in seconds, after a warm-up: other processes only ever slow a run down. */
export async function fastestSeconds(runs: number, task: () => unknown): Promise<number> {
  await task();
  let best = Infinity;
  for (let i = 0; i < runs; i += 1) best = Math.min(best, (await timed(task)).milliseconds / 1000);
  return best;
}

/**
 * Runs every contestant once a round, one after the other, so that a slow minute hits all of them.
 * @returns by name, what each gave in each round
 */
export async function inTurn<Name extends string, T>(
  contestants: Readonly<Record<Name, (round: number) => T | Promise<T>>>,
  rounds: number,
): Promise<Record<Name, T[]>> {
  const names = Object.keys(contestants) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>;
  for (let round = 0; round < rounds; round += 1) for (const name of names) results[name].push(await contestants[name](round));
  return results;
}
