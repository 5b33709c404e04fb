import { interceptFiles, type FileOperation } from './file-operations.js';

/** What a process that has died does: nothing. */
export class Died extends Error {}

/** A moment at which a process dies: before the operation of that number, or half-way through it. */
export interface Moment {
  readonly operation: number;
  readonly half: boolean;
}

/** The operations below `root` that `work` does, in order. */
export async function operationsOf(root: string, work: () => Promise<unknown>): Promise<FileOperation[]> {
  const seen: FileOperation[] = [];
  const takeBack = await interceptFiles(root, (operation) => (seen.push(operation), null));
  try {
    await work();
  } finally {
    takeBack();
  }
  return seen;
}

/** Every moment of these operations at which a process can die. */
export function momentsOf(operations: readonly FileOperation[]): Moment[] {
  return operations.flatMap(({ number, divisible }) => [
    { operation: number, half: false },
    ...(divisible ? [{ operation: number, half: true }] : []),
  ]);
}

/**
 * Runs `work` until its process would die: from that moment on nothing below `root` changes any more, whatever `work` tries on its way
 * out, so what stands there is what a kill leaves. @returns whether it came to that; false where `work` ended before
 */
export async function diesAt(root: string, { operation: at, half }: Moment, work: () => Promise<unknown>): Promise<boolean> {
  const error = new Died('the process is dead');
  let died = false;
  const takeBack = await interceptFiles(root, ({ number }) => {
    if (number < at) return null;
    const first = !died;
    died = true;
    return { error, half: first && half };
  });
  try {
    await work();
  } catch (thrown) {
    if (!died) throw thrown;
  } finally {
    takeBack();
  }
  return died;
}

/**
 * Runs `work` once, to its end, and calls `visit` at each of the moments with what a process that died there would have left below
 * `root`: the same as {@link diesAt} for every one of them, at the price of one run. Changes nothing below `root`; must not wait.
 */
export async function visitMoments(
  root: string,
  moments: readonly Moment[],
  work: () => Promise<unknown>,
  visit: (moment: Moment) => void,
): Promise<void> {
  const halves = new Map<boolean, Map<number, Moment>>([true, false].map((half) => [half, new Map()]));
  for (const moment of moments) halves.get(moment.half)!.set(moment.operation, moment);
  const takeBack = await interceptFiles(root, ({ number }) => {
    const whole = halves.get(false)!.get(number);
    if (whole !== undefined) visit(whole);
    const half = halves.get(true)!.get(number);
    return half === undefined ? null : { betweenHalves: () => visit(half) };
  });
  try {
    await work();
  } finally {
    takeBack();
  }
}

/** Runs `work` on a machine on which every operation from that number on fails with a code of the system, such as `ENOSPC`; removals do not. */
export async function failsAt(root: string, code: string, at: number, work: () => Promise<unknown>): Promise<unknown> {
  const takeBack = await interceptFiles(root, ({ number, name, path }) => {
    if (number < at || /^(rm|unlink)/u.test(name)) return null;
    return { error: Object.assign(new Error(`${code}: refused, ${name} '${path}'`), { errno: -1, code, syscall: name, path }) };
  });
  try {
    return await work();
  } finally {
    takeBack();
  }
}
