import { stat } from '@expctr/core/platform';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import type { Adapter } from '../formats/adapter.js';
import { readSafetensors } from '../formats/safetensors/read.js';
import { writeSafetensors } from '../formats/safetensors/write.js';
import { SftError } from './errors.js';

/** A loss over the examples that are evaluated. */
export interface Evaluation {
  /** Updates before it. */
  readonly step: number;
  /** Mean cross entropy of a token in nats. */
  readonly loss: number;
}

/** How far a fine-tuning has come, without its tensors. */
export interface SftProgress {
  /** Updates that were made. */
  readonly step: number;
  /** The loss of each update, before it. */
  readonly losses: readonly number[];
  /** The losses of what is evaluated, the first of them before any update. */
  readonly evaluations: readonly Evaluation[];
  /** The best of them. */
  readonly best: Evaluation | null;
  /** Evaluations in a row without a new best. */
  readonly waits: number;
  /** Whether patience has run out. */
  readonly stoppedEarly: boolean;
}

/** All that a fine-tuning needs to go on. */
export interface SftCheckpoint {
  readonly progress: SftProgress;
  /** What it is of, by name: each has to be the same where it goes on. */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly adapter: Adapter;
  /** The adapter of the best evaluation. */
  readonly best: Adapter | null;
  /** What the step exports: moments of the optimizer. */
  readonly state: Readonly<Record<string, HostTensor>>;
}

const VERSION = 'expctr-sft/1';

/** Writes a checkpoint as one file, so that a kill at any moment leaves the one before or this one. */
export async function writeCheckpoint(path: string, { progress, identity, adapter, best, state }: SftCheckpoint): Promise<void> {
  const tensors = new Map<string, HostTensor>([...named('adapter', adapter), ...(best === null ? [] : named('best', best))]);
  for (const [name, tensor] of Object.entries(state)) tensors.set(`state/${name}`, tensor);
  const told = { version: VERSION, progress, identity, config: adapter.config };
  await writeSafetensors(path, tensors, { metadata: { expctr: JSON.stringify(told, plainPattern) } });
}

/** Reads a checkpoint; null where there is none. @throws FormatError for a damaged file; SftError `SFT_RESUME` for one of something else */
export async function readCheckpoint(path: string): Promise<SftCheckpoint | null> {
  if ((await stat(path).catch(() => null)) === null) return null;
  const { tensors, metadata } = await readSafetensors(path);
  const told = toldIn(metadata['expctr'], path);
  const state: Record<string, HostTensor> = {};
  for (const [name, tensor] of tensors) if (name.startsWith('state/')) state[name.slice('state/'.length)] = tensor;
  const { progress, identity, config } = told;
  const best = adapterIn('best', tensors);
  return {
    progress,
    identity,
    adapter: { config, tensors: adapterIn('adapter', tensors) },
    best: best.size === 0 ? null : { config, tensors: best },
    state,
  };
}

type Told = Pick<SftCheckpoint, 'progress' | 'identity'> & { readonly config: Adapter['config'] };

function toldIn(text: string | undefined, where: string): Told {
  const wrong = (): SftError =>
    new SftError('SFT_RESUME', 'the file is no checkpoint of a fine-tuning of this version', { where, expected: VERSION });
  try {
    const told = JSON.parse(text ?? 'null', pattern) as (Told & { readonly version: string }) | null;
    if (told?.version === VERSION) return told;
  } catch {
    throw wrong();
  }
  throw wrong();
}

/** Tensors of an adapter as `prefix/path of the module/factor`. */
function* named(prefix: string, { tensors }: Adapter): Generator<[string, HostTensor]> {
  for (const [module, factors] of tensors) {
    for (const [factor, tensor] of Object.entries(factors) as [string, HostTensor | undefined][]) {
      if (tensor !== undefined) yield [`${prefix}/${module}/${factor}`, tensor];
    }
  }
}

function adapterIn(prefix: string, tensors: ReadonlyMap<string, HostTensor>): Adapter['tensors'] {
  const modules = new Map<string, Record<string, HostTensor>>();
  for (const [name, tensor] of tensors) {
    const [first, module, factor] = name.split('/');
    if (first !== prefix || module === undefined || factor === undefined) continue;
    modules.set(module, { ...modules.get(module), [factor]: tensor });
  }
  return modules as unknown as Adapter['tensors'];
}

/** For JSON.stringify: a regular expression, which an adapter's configuration may hold, as an object. */
export function plainPattern(_: string, value: unknown): unknown {
  return value instanceof RegExp ? { pattern: value.source, flags: value.flags } : value;
}

/** For JSON.parse: the other way. */
function pattern(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('pattern' in value) || !('flags' in value)) return value;
  return new RegExp(String(value.pattern), String(value.flags));
}
