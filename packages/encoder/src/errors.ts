import { ExpctrError, WrongUseError } from '@expctr/core';

/** An encoder could not be loaded or used; the message names the file or the model. */
export class EncoderError extends ExpctrError {}

/** An option of an encoder is missing or wrong; the message names it by its path in a configuration, such as `encoder.pooling`. */
export class EncoderOptionError extends WrongUseError {}

/** A file of an embedding cache cannot be used; the message names it. */
export class EncoderCacheError extends ExpctrError {}
