import { printable, type Rng } from '@expctr/core';
import type { Artifacts, RunFolder } from '@expctr/run';
import type { Config } from '../config/schema.js';
import type { Registry } from '../plugins/registry.js';
import type { Progress } from '@expctr/app-kit';
import type { RunData } from './run-data.js';
import type { Models } from './models.js';

/** Name of the adapter that is trained. */
export const POLICY = 'policy';

/** What a run is told, and where it keeps what it makes. */
export interface RunContext {
  readonly config: Config;
  /** The parts that the configuration names. */
  readonly registry: Registry;
  readonly rng: Rng;
  readonly folder: RunFolder;
  readonly artifacts: Artifacts;
  readonly progress: Progress;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal | undefined;
}

/** Everything that the stages of a run share. */
export interface Pipeline {
  readonly run: RunContext;
  readonly data: RunData;
  readonly models: Models;
}

/** Writes a warning to the log and to the terminal. */
export function warn({ artifacts, progress }: Pick<RunContext, 'artifacts' | 'progress'>, code: string, message: string): void {
  artifacts.log.write({ event: 'warning', code, message });
  progress.say(`warning: ${printable(message)}`);
}
