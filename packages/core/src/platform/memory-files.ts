import { concatenated } from '../concatenated.js';
import { dirname, join } from './posix-paths.js';
import type { Files, FileStatus, OpenFile, ReadFile } from './platform.js';

/** A file's bytes, or a folder. */
interface Entry {
  /** Bytes; null for a folder. */
  content: Uint8Array<ArrayBuffer> | null;
}

/**
 * Files in memory, for where there are none: whole paths from `/`, the same error codes as of a file system. They are gone with the
 * program, and never leave it.
 */
export function memoryFiles(): Files {
  const entries = new Map<string, Entry>([['/', { content: null }]]);
  const absolute = (path: string): string => join('/', path);

  function found(path: string, call: string): Entry {
    return entries.get(absolute(path)) ?? lacks(path, call);
  }

  /** There is nothing at a path: no such name, or a file where a folder would be. */
  function lacks(path: string, call: string): never {
    throw fault(isBelowFile(path) ? 'ENOTDIR' : 'ENOENT', call, path);
  }

  function isBelowFile(path: string): boolean {
    let above = dirname(absolute(path));
    while (!entries.has(above)) above = dirname(above);
    return entries.get(above)!.content !== null;
  }

  function bytesOf(path: string, call: string): Uint8Array<ArrayBuffer> {
    const { content } = found(path, call);
    if (content === null) throw fault('EISDIR', call, path);
    return content;
  }

  function checkParent(path: string, call: string): void {
    if (entries.get(dirname(absolute(path)))?.content !== null) lacks(path, call);
  }

  /** Paths below a folder. */
  function below(path: string): string[] {
    const folder = absolute(path) === '/' ? '/' : `${absolute(path)}/`;
    return [...entries.keys()].filter((each) => each !== '/' && each.startsWith(folder));
  }

  /** The entry of a file that is about to be written. */
  function written(path: string): Entry {
    checkParent(path, 'open');
    const entry = entries.get(absolute(path)) ?? { content: new Uint8Array() };
    if (entry.content === null) throw fault('EISDIR', 'open', path);
    entries.set(absolute(path), entry);
    return entry;
  }

  function removeFolder(path: string, call: string): void {
    if (found(path, call).content !== null) throw fault('ENOTDIR', call, path);
    if (below(path).length > 0) throw fault('ENOTEMPTY', call, path);
    if (absolute(path) === '/') throw fault('EBUSY', call, path);
    entries.delete(absolute(path));
  }

  const files = {
    mkdir: (path: string, { recursive = false }: { readonly recursive?: boolean } = {}): string | undefined => {
      const missing: string[] = [];
      let at = absolute(path);
      if (!recursive) {
        if (entries.has(at)) throw fault('EEXIST', 'mkdir', path);
        checkParent(path, 'mkdir');
        missing.push(at);
      } else for (; !entries.has(at); at = dirname(at)) missing.push(at);
      if (recursive && entries.get(at)!.content !== null) throw fault(missing.length === 0 ? 'EEXIST' : 'ENOTDIR', 'mkdir', path);
      for (const each of missing) entries.set(each, { content: null });
      return recursive ? missing.at(-1) : undefined;
    },
    open: (path: string, mode: 'r' | 'r+' | 'w'): OpenFile => {
      const entry = mode === 'w' ? written(path) : found(path, 'open');
      if (mode === 'w') entry.content = new Uint8Array();
      if (entry.content === null && mode !== 'r') throw fault('EISDIR', 'open', path);
      return openFile(entry, path);
    },
    readdir: (path: string): string[] => {
      if (found(path, 'scandir').content !== null) throw fault('ENOTDIR', 'scandir', path);
      const start = absolute(path) === '/' ? 1 : absolute(path).length + 1;
      return below(path)
        .map((each) => each.slice(start))
        .filter((name) => !name.includes('/'));
    },
    readFile: (path: string, encoding?: 'utf8'): string | Uint8Array<ArrayBuffer> => {
      const bytes = bytesOf(path, 'read');
      return encoding === undefined ? bytes.slice() : new TextDecoder().decode(bytes);
    },
    rename: (from: string, to: string): void => {
      const [source, target] = [absolute(from), absolute(to)];
      if (source !== '/') checkParent(from, 'rename');
      checkParent(to, 'rename');
      const moved = found(from, 'rename');
      if (source === target) return;
      if (target.startsWith(`${source}/`)) throw fault('EINVAL', 'rename', to);
      if (source.startsWith(`${target}/`)) throw fault('ENOTEMPTY', 'rename', to);
      const replaced = entries.get(target);
      if (replaced !== undefined && (replaced.content === null) !== (moved.content === null)) {
        throw fault(moved.content === null ? 'ENOTDIR' : 'EISDIR', 'rename', to);
      }
      if (replaced !== undefined && below(target).length > 0) throw fault('ENOTEMPTY', 'rename', to);
      for (const path of [source, ...below(source)]) {
        const entry = entries.get(path)!;
        entries.delete(path);
        entries.set(`${target}${path.slice(source.length)}`, entry);
      }
    },
    rm: (path: string, { recursive = false, force = false }: { readonly recursive?: boolean; readonly force?: boolean } = {}): void => {
      if (force && !entries.has(absolute(path)) && !isBelowFile(path)) return;
      if (found(path, 'rm').content === null && !recursive) throw fault('ERR_FS_EISDIR', 'rm', path);
      for (const each of [...below(path), absolute(path)]) if (each !== '/') entries.delete(each);
    },
    rmdir: (path: string): void => removeFolder(path, 'rmdir'),
    stat: (path: string): FileStatus => {
      const { content } = found(path, 'stat');
      return { size: content?.byteLength ?? 0, isDirectory: () => content === null, isFile: () => content !== null };
    },
    writeFile: (path: string, content: string | Uint8Array): void => {
      written(path).content = toBytes(content);
    },
  };

  const later = <A extends unknown[], R>(work: (...given: A) => R) => {
    return (...given: A): Promise<R> => new Promise((resolve) => resolve(work(...given))); // an error is a rejection
  };
  return {
    mkdir: later(files.mkdir),
    open: later(files.open),
    readdir: later(files.readdir),
    readFile: later(files.readFile) as ReadFile,
    rename: later(files.rename),
    rm: later(files.rm),
    rmdir: later(files.rmdir),
    stat: later(files.stat),
    writeFile: later(files.writeFile),
  };
}

function openFile(entry: Entry, path: string): OpenFile {
  const pieces: Uint8Array[] = [];
  /** What was written piece by piece becomes one array when it is asked for. */
  const whole = (): Uint8Array<ArrayBuffer> => {
    if (entry.content === null) throw fault('EISDIR', 'read', path);
    if (pieces.length > 0) entry.content = concatenated([entry.content, ...pieces.splice(0)]);
    return entry.content;
  };
  return {
    stat: () => Promise.resolve({ size: whole().byteLength }),
    read(into, offset, length, position) {
      const part = whole().subarray(position, position + length);
      into.set(part, offset);
      return Promise.resolve({ bytesRead: part.byteLength });
    },
    writeFile(content) {
      pieces.push(toBytes(content));
      return Promise.resolve();
    },
    sync() {
      whole();
      return Promise.resolve();
    },
    close() {
      if (entry.content !== null) whole();
      return Promise.resolve();
    },
  };
}

function toBytes(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
}

/** An error as Node's file system gives it. */
function fault(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, errno: -1, syscall, path });
}
