import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionOf, type Program } from '../programs/program.js';
import type { SessionOptions } from '../session.js';
import type { HostArray } from '../tensors.js';

/** Time that ONNX Runtime spent in each of its nodes. */
export interface NodeTime {
  /** The node's name: ours, or ONNX Runtime's own where it rewrote the graph. */
  readonly name: string;
  readonly op: string;
  /** Median over the runs: what disturbs one of them does not count. */
  readonly milliseconds: number;
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

const KERNEL = '_kernel_time';

/** Runs a program in a session of its own with ONNX Runtime's profiler on, once to warm up and `runs` times for the figures. */
export async function profile(
  program: Program,
  options: SessionOptions,
  inputs: readonly HostArray[],
  runs: number,
): Promise<readonly NodeTime[]> {
  const folder = await mkdtemp(join(tmpdir(), 'onnx-profile-'));
  try {
    const session = await sessionOf(program, { ...options, profilePath: join(folder, 'run') });
    try {
      for (let run = 0; run <= runs; run += 1) await session.run(inputs);
      session.endProfiling();
    } finally {
      await session.dispose();
    }
    const [file] = await readdir(folder);
    return nodeTimes(JSON.parse(await readFile(join(folder, file!), 'utf8')) as ProfileEvent[]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Median time of each node without its first run. */
function nodeTimes(events: readonly ProfileEvent[]): NodeTime[] {
  const byNode = new Map<string, { op: string; microseconds: number[] }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith(KERNEL)) continue;
    const node = name.slice(0, -KERNEL.length);
    const entry = byNode.get(node) ?? { op: args?.op_name ?? '', microseconds: [] };
    entry.microseconds.push(dur);
    byNode.set(node, entry);
  }
  return [...byNode].map(([name, { op, microseconds }]) => {
    const warm = microseconds.slice(1).sort((a, b) => a - b);
    return { name, op, milliseconds: (warm[Math.floor(warm.length / 2)] ?? 0) / 1000 };
  });
}
