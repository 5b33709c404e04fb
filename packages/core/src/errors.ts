import { printable } from './printable.js';
import { sentences } from './sentences.js';

/** The most characters of one part of an error's message: a value that is quoted in it may be of any length. */
const LONGEST_PART = 2000;

/** What an error says besides its message. Every text is a part of a sentence, without its full stop, that a user can act on. */
export interface ErrorDetails {
  /** Where it happened: file, line, column, row, kernel, option path. */
  readonly where?: string;
  /** What would have been right. */
  readonly expected?: string;
  /** How to mend it. */
  readonly remedy?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Whether the caller asked for what cannot be, such as an option, a name or a path that is not there. Default false. */
  readonly wrongUse?: boolean;
}

/**
 * Base class of every error that ExpCTR throws on purpose.
 *
 * `code` is stable and meant for programs (`DATA_BAD_ROW`, `GGUF_UNSUPPORTED_TYPE`); the message is meant for people
 * and is composed of what was wrong, where, what was expected and how to mend it. It is one line of {@link printable} text,
 * whatever values from data are quoted in it; the fields are as given.
 */
export class ExpctrError extends Error {
  /** Stable name of what went wrong. */
  readonly code: string;
  /** What was wrong, as given; part of the message. */
  readonly what: string;
  /** As given; part of the message. */
  readonly where: string | undefined;
  /** As given; part of the message. */
  readonly expected: string | undefined;
  /** As given; part of the message. */
  readonly remedy: string | undefined;
  /** Whether what was asked for is wrong, rather than what was found: command lines then exit with 2, else with 1. */
  readonly wrongUse: boolean;

  constructor(code: string, what: string, details: ErrorDetails = {}) {
    const { where, expected, remedy, cause, wrongUse = false } = details;
    const parts = [
      where === undefined || where.trim() === '' ? what : `${where.trim()}: ${what.trim()}`,
      prefixed('Expected', expected),
      prefixed('To mend it:', remedy),
    ];
    super(sentences(parts.map((part) => printable(part, LONGEST_PART))), cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.what = what;
    this.where = where;
    this.expected = expected;
    this.remedy = remedy;
    this.wrongUse = wrongUse;
  }
}

/** An error that is always of wrong use: of options, arguments and paths, never of what stands in a file. */
export class WrongUseError extends ExpctrError {
  constructor(code: string, what: string, details: ErrorDetails = {}) {
    super(code, what, { wrongUse: true, ...details });
  }
}

function prefixed(prefix: string, text: string | undefined): string {
  return text === undefined || text.trim() === '' ? '' : `${prefix} ${text.trim()}`;
}
