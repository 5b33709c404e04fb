import { availableParallelism } from 'node:os';
import type { DeviceType } from '@huggingface/transformers';
import { EncoderError } from '../errors.js';
import type { EncoderDType, ModelFiles } from './model-files.js';

/** How transformers.js is to load a model's graph. */
export interface GraphOptions {
  readonly dtype: EncoderDType;
  /** Default: the cores available. */
  readonly threads: number | undefined;
  /** Default `cpu`. */
  readonly device: DeviceType | undefined;
}

/** What `from_pretrained` takes for a graph among the files. */
export function graphSettings({ subfolder }: ModelFiles, { dtype, threads, device }: GraphOptions) {
  return {
    local_files_only: true,
    dtype,
    device: device ?? 'cpu',
    subfolder,
    session_options: {
      intraOpNumThreads: threads ?? availableParallelism(),
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
    },
  } as const;
}

/** The error for a model that transformers.js did not load. */
export function loadError({ location }: ModelFiles, cause: unknown): EncoderError {
  return new EncoderError('ENCODER_LOAD', `the model could not be loaded (${cause instanceof Error ? cause.message : String(cause)})`, {
    where: location,
    remedy: 'get the model again: a file may be cut, or of another kind',
    cause,
  });
}
