import { checkOptions, type OptionKeys } from '@expctr/core';
import type { HubOptions } from '@expctr/hub';
import type { Encoder } from './encoder.js';
import type { EncoderPart } from './encoder-part.js';
import { encoders } from './encoders.js';
import { EncoderOptionError } from './errors.js';
import { reducedEncoder } from './reduce/reduction.js';

/** A kind of encoder, and what its specification says beyond its name. */
export interface FoundEncoder {
  /** The kind. */
  readonly part: EncoderPart;
  /** What stands after the colon, or the whole of a specification that names no kind; undefined where there is nothing. */
  readonly argument: string | undefined;
}

/**
 * The kind of encoder that a specification names: `hashed`, `hashed:512`, `static`, `static:FILE`, `transformers:FOLDER_OR_HUB_ID`, or a
 * name of `own` with or without `:argument`; anything else is a folder or hub id for `transformers`.
 *
 * @param own kinds of one's own; one of them hides a built-in one of its name
 */
export function findEncoder(spec: string, own: readonly EncoderPart[] = []): FoundEncoder {
  const [, name = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(spec) ?? [];
  const part = [...own, ...Object.values<EncoderPart>(encoders)].find((kind) => kind.name === name);
  return part === undefined ? { part: encoders.transformers, argument: spec } : { part, argument };
}

/** Where {@link loadEncoder} looks. */
export interface LoadEncoderContext {
  /** Kinds of encoders of one's own. */
  readonly encoders?: readonly EncoderPart[];
  /** Where models of the hub come from, and where they are kept. */
  readonly hub?: HubOptions;
  /** Keep this many of a vector's first components: see `firstDimensions`. Default: all. */
  readonly dimensions?: number;
  /** File with a PCA, as `savePca` writes it, whose components take the place of the vectors: see `pcaEncoder`. Default: none. */
  readonly pca?: string;
}

const LOAD_ENCODER_OPTIONS: OptionKeys<LoadEncoderContext> = { encoders: true, hub: true, dimensions: true, pca: true };

/**
 * An encoder by its specification (see {@link findEncoder}).
 *
 * @param options those of the kind that is named, each of which has a default
 * @throws EncoderOptionError `ENCODER_OPTION` for an option that this kind does not have or a value that it does not take,
 *   `ENCODER_SPEC` for an argument that it does not understand; and what the encoder throws
 */
export async function loadEncoder(
  spec: string,
  options: Readonly<Record<string, unknown>> = {},
  parameters: LoadEncoderContext = {},
): Promise<Encoder> {
  checkOptions('loadEncoder', parameters, LOAD_ENCODER_OPTIONS);
  const { encoders: own = [], hub, dimensions = null, pca = null } = parameters;
  const { part, argument } = findEncoder(spec, own);
  const parsed = part.options.strict().safeParse(options);
  if (parsed.success) return reducedEncoder(await part.load(argument, parsed.data, hub === undefined ? {} : { hub }), { dimensions, pca });
  const [issue] = parsed.error.issues;
  throw new EncoderOptionError('ENCODER_OPTION', issue?.message ?? 'an option is wrong', {
    where: ['encoder', ...(issue?.path ?? [])].map(String).join('.'),
    expected: `the options of ${part.name}: ${Object.keys(part.options.shape).join(', ') || 'none'}`,
  });
}
