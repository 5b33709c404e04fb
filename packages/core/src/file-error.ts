import { ExpctrError } from './errors.js';

/**
 * A file or folder that could not be read or written, for a reason that is the machine's. `code` is `FILE_` and what happened, such as
 * `FILE_NO_SPACE`; `cause` is the error of Node.
 */
export class FileError extends ExpctrError {}

interface Kind {
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
}

const full: Kind = {
  code: 'FILE_NO_SPACE',
  what: 'there is no space left for it',
  remedy: 'free some space or raise the quota, then go on: what was complete before is kept',
};
const forbidden: Kind = {
  code: 'FILE_NO_PERMISSION',
  what: 'this user may not do that',
  remedy: 'correct owner and permissions of the file and of the folder that holds it, or choose another place',
};
const tooManyOpen: Kind = {
  code: 'FILE_TOO_MANY_OPEN',
  what: 'too many files are open',
  remedy: 'raise the limit (ulimit -n) or end other programs, then go on',
};
const broken: Kind = {
  code: 'FILE_DEVICE',
  what: 'the device that holds it failed',
  remedy: 'check disk and connection, then go on: what was complete before is kept',
};
const badPath = (what: string): Kind => ({ code: 'FILE_BAD_PATH', what, remedy: 'choose another path' });

/** By the error code of the operating system. */
const KINDS: Readonly<Record<string, Kind>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: {
    code: 'FILE_TOO_LARGE',
    what: 'the file grew beyond what is allowed',
    remedy: 'raise the limit (ulimit -f), or choose another file system',
  },
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: { code: 'FILE_READ_ONLY', what: 'the file system is read-only', remedy: 'mount it writable, or choose another place' },
  ENOTDIR: {
    code: 'FILE_NOT_A_FOLDER',
    what: 'a part of the path is a file where a folder is needed',
    remedy: 'remove that file, or choose another path',
  },
  EEXIST: { code: 'FILE_EXISTS', what: 'something stands in its place', remedy: 'remove it, or choose another path' },
  EISDIR: {
    code: 'FILE_IS_A_FOLDER',
    what: 'this is a folder where a file is needed',
    remedy: 'remove that folder, or choose another path',
  },
  ENOTEMPTY: { code: 'FILE_FOLDER_NOT_EMPTY', what: 'the folder is not empty', remedy: 'empty it, or choose another path' },
  ENOENT: {
    code: 'FILE_MISSING',
    what: 'there is no such file or folder',
    remedy: 'check the path, and that nothing removes files meanwhile',
  },
  EMFILE: tooManyOpen,
  ENFILE: tooManyOpen,
  ENAMETOOLONG: badPath('the path is too long'),
  ELOOP: badPath('its links lead in a circle'),
  EINVAL: badPath('the file system refuses that path or operation'),
  EXDEV: badPath('it lies on another file system'),
  EBUSY: { code: 'FILE_BUSY', what: 'another program uses it', remedy: 'end that program, then go on' },
  ETXTBSY: { code: 'FILE_BUSY', what: 'another program uses it', remedy: 'end that program, then go on' },
  EIO: broken,
  ENXIO: broken,
  ENODEV: broken,
  ESTALE: broken,
  ETIMEDOUT: broken,
};

/**
 * What to throw in the place of an error: a {@link FileError} for an error of a file operation, any other error as it is. This is the
 * one place that knows what the codes of the operating system mean to a user.
 * @param path what was to be read or written, where the error names a temporary file or nothing
 */
export function fileError(error: unknown, path?: string): unknown {
  if (!isSystemError(error)) return error;
  const where = path ?? error.path;
  // to make a folder where a file stands
  const kind = KINDS[error.code === 'EEXIST' && error.syscall === 'mkdir' ? 'ENOTDIR' : error.code];
  // a system error without a path and a known meaning, such as that of a socket, is none of a file
  if (kind === undefined ? where === undefined : where === undefined && !ALWAYS_OF_FILES.has(kind)) return error;
  const { code, what, remedy } = kind ?? { code: 'FILE_FAILED', what: 'the file operation failed', remedy: 'mend the cause, then go on' };
  const operation = error.syscall === undefined ? error.code : `${error.syscall}: ${error.code}`;
  return new FileError(code, `${what} (${operation})`, { ...(where === undefined ? {} : { where }), remedy, cause: error });
}

const ALWAYS_OF_FILES: ReadonlySet<Kind> = new Set([full, tooManyOpen, KINDS['EROFS']!, KINDS['EISDIR']!, KINDS['EFBIG']!]);

/** Runs file operations; where one fails, it throws what {@link fileError} makes of that. @param path as there */
export async function withFileErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path);
  }
}

type SystemError = Error & { readonly code: string; readonly syscall?: string; readonly path?: string };

function isSystemError(error: unknown): error is SystemError {
  return (
    error instanceof Error && 'errno' in error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/u.test(error.code)
  );
}
