import type { HubOptions } from '@expctr/hub';
import type { DeviceType } from '@huggingface/transformers';
import { EncoderOptionError } from '../errors.js';
import { familyOf } from './families.js';
import { DTYPE_SUFFIXES, type EncoderDType } from './model-files.js';
import { isPoolingMode, poolings, type PoolingMode } from './pooling.js';
import type { ReadModelFile } from './model-json.js';
import { readSentenceTransformersFiles, type SentenceTransformersSettings } from './sentence-transformers-files.js';

/** Options of {@link createTransformersEncoder}. */
export interface TransformersEncoderOptions {
  /** How token states become one vector. Needed only where neither the model's files nor its name tell. */
  readonly pooling?: PoolingMode;
  /** Whether vectors are scaled to length 1. Default: as the model's files or its family say, else true. */
  readonly normalize?: boolean;
  /** Longest text in tokens, the model's own tokens included; longer ones are cut. Default: 256, or less where the model's files say less. */
  readonly maxTokens?: number;
  /** Put before every text, such as `query: ` for E5. Default: the model's default prompt, nothing where its files name none. */
  readonly prefix?: string;
  /** Name of a prompt in the model's config_sentence_transformers.json to put before every text, in place of a `prefix`. */
  readonly promptName?: string;
  /** Precision of the weights. Default `fp32`; `q8` is faster and less exact. */
  readonly dtype?: EncoderDType;
  /** Threads of a matrix product. Default: one for each core. */
  readonly threads?: number;
  /** Tokens in a batch, padding included. Default 1024: more leaves the cache of a core. */
  readonly batchTokens?: number;
  /** Where the model runs: `cpu` (default), `cuda`, `webgpu`, ... as in transformers.js. */
  readonly device?: DeviceType;
  /** Where a model that is named by its hub id comes from, and where it is kept. */
  readonly hub?: HubOptions;
}

/** Longest text in tokens unless `maxTokens` says otherwise. */
export const DEFAULT_MAX_TOKENS = 256;

/** Pooling and normalization, from wherever they were found. */
export type PoolingPlan = SentenceTransformersSettings;

/**
 * The option, else sentence-transformers' files, else the family that the model's name tells.
 *
 * @throws EncoderOptionError `ENCODER_POOLING_REQUIRED` where none of them says.
 */
export async function planPooling(name: string, read: ReadModelFile, options: TransformersEncoderOptions): Promise<PoolingPlan> {
  if (options.pooling !== undefined) {
    return { pooling: [options.pooling], includePrompt: true, normalize: options.normalize ?? true };
  }
  const found = await readSentenceTransformersFiles(read);
  if (found !== undefined) return { ...found, normalize: options.normalize ?? found.normalize };
  const family = familyOf(name);
  if (family !== undefined) {
    return { pooling: [family.pooling], includePrompt: true, normalize: options.normalize ?? family.normalize };
  }
  throw new EncoderOptionError('ENCODER_POOLING_REQUIRED', 'nothing says how the states of this model are pooled', {
    where: name,
    expected: "sentence-transformers' modules.json and 1_Pooling/config.json in the model's folder, or a model of a known family",
    remedy: `set encoder.pooling to one of: ${Object.keys(poolings).join(', ')}`,
  });
}

/** @throws EncoderOptionError `ENCODER_OPTION` naming the first option that cannot be used. */
export function checkOptions({ pooling, dtype, maxTokens, threads, batchTokens, prefix, promptName }: TransformersEncoderOptions): void {
  if (pooling !== undefined && !isPoolingMode(pooling))
    throw wrong('encoder.pooling', pooling, `one of: ${Object.keys(poolings).join(', ')}`);
  if (dtype !== undefined && !Object.hasOwn(DTYPE_SUFFIXES, dtype)) {
    throw wrong('encoder.dtype', dtype, `one of: ${Object.keys(DTYPE_SUFFIXES).join(', ')}`);
  }
  if (prefix !== undefined && promptName !== undefined) throw wrong('encoder.promptName', promptName, 'a promptName or a prefix, not both');
  for (const [option, value] of Object.entries({ maxTokens, threads, batchTokens })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw wrong(`encoder.${option}`, value, 'an integer of at least 1');
  }
}

/**
 * The limit in force.
 *
 * @param frame tokens that the model itself puts around a text
 * @param longest tokens that the model's positions allow
 * @throws EncoderOptionError `ENCODER_OPTION` for a limit that leaves no room for a text or goes beyond the model's positions.
 */
export function limitTokens(asked: number | undefined, fromFiles: number | undefined, frame: number, longest: number): number {
  if (asked === undefined) return Math.max(frame + 1, Math.min(DEFAULT_MAX_TOKENS, fromFiles ?? Infinity, longest));
  if (asked <= frame || asked > longest)
    throw wrong('encoder.maxTokens', asked, `an integer from ${frame + 1} to ${longest} for this model`);
  return asked;
}

function wrong(option: string, value: unknown, expected: string): EncoderOptionError {
  return new EncoderOptionError('ENCODER_OPTION', `${option} is ${JSON.stringify(value)}`, { expected });
}
