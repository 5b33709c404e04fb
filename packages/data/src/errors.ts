import { ExpctrError, WrongUseError } from '@expctr/core';

/** Something is wrong with a dataset, a table or a file: the error names it, and where, and what would have been right. */
export class DataError extends ExpctrError {}

/** An option has a value that cannot be used, or a value that this data cannot be prepared with. */
export class DataOptionError extends WrongUseError {}

/** A prompt template is wrong, or cannot be rendered with what it was given. */
export class TemplateError extends ExpctrError {}
