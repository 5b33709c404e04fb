import type { Encoder } from './encoder.js';
import { EncoderOptionError } from './errors.js';
import { createHashedEncoder, type HashedEncoderOptions } from './hashed/hashed-encoder.js';
import { loadStaticEncoder } from './static/static-encoder.js';
import { createTransformersEncoder } from './transformers/transformers-encoder.js';
import type { TransformersEncoderOptions } from './transformers/options.js';

/** Makes an encoder from what follows the colon of its specification (`hashed:256` gives `256`; nothing gives undefined). */
export type EncoderFactory = (argument: string | undefined, options: LoadEncoderOptions) => Promise<Encoder>;

/** Options of {@link loadEncoder}: those of every encoder, of which each takes its own. */
export interface LoadEncoderOptions extends TransformersEncoderOptions, Omit<HashedEncoderOptions, 'dimension'> {
  /** Further encoders by name; they take precedence over the built-in ones. */
  readonly factories?: Readonly<Record<string, EncoderFactory>>;
}

/** Names of the built-in encoders. */
export type BuiltInEncoder = 'hashed' | 'static' | 'transformers';

/** The built-in encoders by name. A new one is one file and one line here. */
export const encoderFactories: { readonly [K in BuiltInEncoder]: EncoderFactory } = {
  hashed: (argument, options) => Promise.resolve(createHashedEncoder({ ...options, ...dimensionFrom(argument) })),
  static: (argument) => loadStaticEncoder(argument),
  transformers: (argument, options) => {
    if (argument === undefined) throw wrongSpec('transformers', 'transformers:FOLDER_OR_HUB_ID');
    return createTransformersEncoder(argument, options);
  },
};

/**
 * An encoder by its specification: `hashed`, `hashed:512`, `static`, `static:FILE`, a name of `options.factories` with or without `:argument`, or
 * else a folder or hub id for {@link createTransformersEncoder}.
 *
 * @throws EncoderOptionError `ENCODER_SPEC` for an argument that the named encoder does not understand; and what the encoder throws
 */
export async function loadEncoder(spec: string, options: LoadEncoderOptions = {}): Promise<Encoder> {
  const [, name = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(spec) ?? [];
  const factories: Readonly<Record<string, EncoderFactory>> = { ...encoderFactories, ...options.factories };
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  return factory === undefined ? createTransformersEncoder(spec, options) : factory(argument, options);
}

function dimensionFrom(argument: string | undefined): { dimension?: number } {
  if (argument === undefined) return {};
  if (!/^\d+$/.test(argument)) throw wrongSpec(`hashed:${argument}`, 'hashed or hashed:DIMENSION, such as hashed:256');
  return { dimension: Number(argument) };
}

function wrongSpec(spec: string, expected: string): EncoderOptionError {
  return new EncoderOptionError('ENCODER_SPEC', `'${spec}' names no encoder`, { expected });
}
