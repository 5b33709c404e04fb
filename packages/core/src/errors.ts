/** What an error says besides its message. Every field is one sentence fragment a user can act on. */
export interface ErrorDetails {
  /** Where it happened: file, line, column, row, kernel, option path. */
  readonly where?: string;
  /** What would have been right. */
  readonly expected?: string;
  /** How to mend it. */
  readonly remedy?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Base class of every error that ExpCTR throws on purpose.
 *
 * `code` is stable and meant for programs (`DATA_BAD_ROW`, `GGUF_UNSUPPORTED_TYPE`); the message is meant for people
 * and is composed of what was wrong, where, what was expected and how to mend it.
 */
export class ExpctrError extends Error {
  /** Stable name of what went wrong. */
  readonly code: string;
  /** As given; part of the message. */
  readonly where: string | undefined;
  /** As given; part of the message. */
  readonly expected: string | undefined;
  /** As given; part of the message. */
  readonly remedy: string | undefined;

  constructor(code: string, what: string, details: ErrorDetails = {}) {
    const { where, expected, remedy, cause } = details;
    const parts = [where === undefined ? what : `${where}: ${what}`];
    if (expected !== undefined) parts.push(`Expected ${expected}.`);
    if (remedy !== undefined) parts.push(`To mend it: ${remedy}.`);
    super(parts.join(' '), cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.remedy = remedy;
  }
}
