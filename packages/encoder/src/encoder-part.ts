import type { HubOptions } from '@expctr/hub';
import type { z } from 'zod';
import type { Encoder } from './encoder.js';
import { EncoderOptionError } from './errors.js';

/** What an encoder is loaded with besides its own options. */
export interface EncoderContext {
  /** Where models of the hub come from, and where they are kept. */
  readonly hub?: HubOptions;
  /** Threads of a model that runs in this process. Default: one a core. */
  readonly threads?: number;
}

/** A kind of encoder that a configuration can name. `O` is what its options are once parsed. */
export interface EncoderPart<O extends object = Readonly<Record<string, unknown>>> {
  /** The word for it in a specification: what stands before the colon. */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /** Its options: every field with a default and a description. */
  readonly options: z.ZodObject & z.ZodType<O>;
  /**
   * Makes or loads one.
   * @param argument what stands after the colon (`hashed:256` gives `256`); undefined without a colon
   * @throws EncoderOptionError `ENCODER_SPEC` for an argument that it does not understand, `ENCODER_OPTION`
   * @throws EncoderError where a file or a model is missing or damaged
   */
  load(argument: string | undefined, options: O, context: EncoderContext): Promise<Encoder>;
  /**
   * Brings what `load` needs to this machine. A run calls it before it reads data, and keeps the result in its configuration.
   * @returns the argument that names exactly the same encoder later, such as a hub id with its commit
   */
  pin?(argument: string | undefined, options: O, context: EncoderContext): Promise<string | undefined>;
}

/** The error for an argument that a kind of encoder does not understand. */
export function wrongSpec(spec: string, expected: string): EncoderOptionError {
  return new EncoderOptionError('ENCODER_SPEC', `'${spec}' names no encoder`, { expected });
}
