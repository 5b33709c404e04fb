// Torch's side of tools/bench/engine.ts: a process that takes each step of ours in turn with it.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startLines } from '../common/scripts.js';

/** What torch is to run: the name and sizes of a program of tools/bench/engine-peer.py. */
export type TorchWork = readonly [name: string, ...sizes: (number | boolean)[]];

/** How long torch took. */
export interface TorchAnswer {
  readonly milliseconds: number;
  readonly peakMegabytes?: number;
}

/** Torch in a process of its own. */
export interface Torch {
  /** Its version. */
  readonly version: string;
  readonly run: (work: TorchWork) => Promise<TorchAnswer>;
  readonly close: () => void;
}

/** Starts torch; where there is none it says so and gives undefined. @param python an interpreter with torch */
export async function startTorch(python: string | undefined): Promise<Torch | undefined> {
  if (python === undefined) return skipped('no --python was given');
  if (!existsSync(python)) return skipped(`${python} does not exist`);
  const lines = startLines([python, join(import.meta.dirname, 'engine-peer.py'), String(availableParallelism())]);
  const first = await lines.next();
  if (first === undefined) return skipped(`${python} has no torch`);
  return {
    version: (JSON.parse(first) as { torch: string }).torch,
    run: async (work) => JSON.parse(await lines.ask(JSON.stringify(work))) as TorchAnswer,
    close: lines.close,
  };
}

function skipped(reason: string): undefined {
  console.error(`peer skipped: ${reason}`);
}
