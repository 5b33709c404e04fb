import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';

/** An operation that changes something below the folder that is watched. */
export interface FileOperation {
  /** From 0. */
  readonly number: number;
  /** As Node calls it: `rename`, `writeSync`, `FileHandle.writev`. */
  readonly name: string;
  readonly path: string;
  /** Whether half of it can be done: it writes bytes, or removes a folder. */
  readonly divisible: boolean;
}

/**
 * What becomes of an operation: null = it is done; with an error it throws that, after its first half where `half` says so; else its
 * first half is done and undone, with a look between, and then the whole.
 */
export type Fate = { readonly error: Error; readonly half?: boolean } | { readonly betweenHalves: () => void } | null;

type AnyFunction = (this: unknown, ...args: never[]) => unknown;
type Methods = Record<string, AnyFunction>;

/**
 * Puts itself between this process, dependencies included, and its files below `root`: whatever changes one of them, through
 * `node:fs` or `node:fs/promises`, asks `fateOf` first. What a native library does by itself is not seen.
 * @returns a function that takes everything back
 */
export async function interceptFiles(root: string, fateOf: (operation: FileOperation) => Fate): Promise<() => void> {
  // Node's own helpers, loaded at their first use, keep the functions that they find then
  await fs.promises.rm(join(tmpdir(), `expctr-nothing-${process.pid}`), { recursive: true, force: true });
  const watched = resolve(root);
  const pathOfFd = new Map<number, string>();
  const undo: (() => void)[] = [];
  let count = 0;

  // Node's own helpers call one another by way of what is replaced here: what is done for a fate is no operation of the process
  let busy = false;
  /** @returns what the operation throws, or null for it to be done */
  const ask = (name: string, path: string, doHalf: (() => () => void) | null): Error | null => {
    if (busy) return null;
    busy = true;
    try {
      const fate = fateOf({ number: count++, name, path, divisible: doHalf !== null });
      if (fate === null) return null;
      const undo = doHalf !== null && ('betweenHalves' in fate || fate.half === true) ? doHalf() : () => undefined;
      if ('error' in fate) return fate.error;
      fate.betweenHalves();
      undo();
      return null;
    } finally {
      busy = false;
    }
  };
  const inside = (path: unknown): path is string => {
    const full = typeof path === 'string' ? resolve(path) : '';
    return full === watched || full.startsWith(watched + sep);
  };
  const replace = (owner: object, name: string, make: (original: AnyFunction) => AnyFunction): void => {
    const methods = owner as Methods;
    const original = methods[name]!;
    const own = Object.hasOwn(methods, name);
    methods[name] = make(original);
    undo.push(() => (own ? (methods[name] = original) : delete methods[name]));
  };

  // by path: whole operations
  const changes = [
    'rename',
    'rm',
    'rmdir',
    'unlink',
    'mkdir',
    'truncate',
    'copyFile',
    'link',
    'symlink',
    'writeFile',
    'appendFile',
    'open',
  ];
  for (const name of changes) {
    const target = ['rename', 'copyFile', 'link', 'symlink'].includes(name) ? 1 : 0;
    const gate = (args: readonly unknown[], shown: string): Error | null => {
      const path = args[target];
      if (!inside(path) || (name === 'open' && !writes(args[1]))) return null;
      const recursive = name === 'rm' && (args[1] as { recursive?: boolean } | undefined)?.recursive === true;
      if (recursive) return ask(shown, path, isFolder(path) ? () => removeHalf(path) : null);
      if (name !== 'writeFile' && name !== 'appendFile') return ask(shown, path, null);
      return ask(shown, path, () => {
        const before = contentOf(path);
        if (name === 'appendFile') original.appendFileSync(path, firstHalf(args[1]));
        else original.writeFileSync(path, firstHalf(args[1]));
        return () => (before === null ? original.unlinkSync(path) : original.writeFileSync(path, before));
      });
    };
    replace(
      fs.promises,
      name,
      (call) =>
        async function (this: unknown, ...args: never[]) {
          const refused = gate(args, name);
          if (refused !== null) throw refused;
          const result = await call.apply(this, args);
          if (name === 'open') pathOfFd.set((result as { fd: number }).fd, inside(args[0]) ? args[0] : '');
          return result;
        },
    );
    replace(
      fs,
      `${name}Sync`,
      (call) =>
        function (this: unknown, ...args: never[]) {
          const refused = gate(args, `${name}Sync`);
          if (refused !== null) throw refused;
          const result = call.apply(this, args);
          if (name === 'open') pathOfFd.set(result as number, inside(args[0]) ? args[0] : '');
          return result;
        },
    );
    replace(
      fs,
      name,
      (call) =>
        function (this: unknown, ...args: never[]) {
          const done = args.at(-1) as unknown as (error: Error | null, result?: unknown) => void;
          const refused = gate(args, `${name} with a callback`);
          if (refused !== null) return void process.nextTick(() => done(refused));
          if (name !== 'open') return call.apply(this, args);
          const opened = (error: Error | null, fd?: unknown): void => {
            if (error === null) pathOfFd.set(fd as number, inside(args[0]) ? args[0] : '');
            done(error, fd);
          };
          return call.apply(this, [...args.slice(0, -1), opened as never]);
        },
    );
  }

  // by descriptor: bytes
  const gateBytes = (fd: number, data: unknown, shown: string): Error | null => {
    const path = pathOfFd.get(fd) ?? '';
    if (path === '') return null;
    return ask(shown, path, () => {
      const { size } = original.fstatSync(fd);
      // at the end, where a file that only grows is written, and without moving the place where the whole is written next
      original.writeSync(fd, firstHalf(data), 0, null, size);
      return () => original.ftruncateSync(fd, size);
    });
  };
  for (const name of ['write', 'writev']) {
    replace(
      fs,
      `${name}Sync`,
      (call) =>
        function (this: unknown, ...args: never[]) {
          const refused = gateBytes(args[0]!, bytesOf(args), `${name}Sync`);
          if (refused !== null) throw refused;
          return call.apply(this, args);
        },
    );
    replace(
      fs,
      name,
      (call) =>
        function (this: unknown, ...args: never[]) {
          const refused = gateBytes(args[0]!, bytesOf(args), `${name} with a callback`);
          if (refused === null) return call.apply(this, args);
          const done = args.at(-1) as unknown as (error: Error) => void;
          return void process.nextTick(() => done(refused));
        },
    );
  }
  const handle = await original.open(process.execPath, 'r');
  const prototype = Object.getPrototypeOf(handle) as object;
  await handle.close();
  for (const name of ['write', 'writev', 'writeFile', 'appendFile', 'truncate']) {
    replace(
      prototype,
      name,
      (call) =>
        function (this: unknown, ...args: never[]) {
          const { fd } = this as { fd: number };
          const refused = gateBytes(fd, name === 'truncate' ? '' : args[0], `FileHandle.${name}`);
          if (refused !== null) return Promise.reject(refused);
          return call.apply(this, args);
        },
    );
  }
  // a number that was closed may name any file next
  replace(
    prototype,
    'close',
    (call) =>
      function (this: unknown, ...args: never[]) {
        pathOfFd.delete((this as { fd: number }).fd);
        return call.apply(this, args);
      },
  );
  for (const name of ['close', 'closeSync']) {
    replace(
      fs,
      name,
      (call) =>
        function (this: unknown, ...args: never[]) {
          pathOfFd.delete(args[0]!);
          return call.apply(this, args);
        },
    );
  }
  syncBuiltinESMExports();
  return () => {
    for (const back of undo.reverse()) back();
    syncBuiltinESMExports();
  };
}

function contentOf(path: string): Uint8Array | null {
  return original.existsSync(path) ? original.readFileSync(path) : null;
}

function isFolder(path: string): boolean {
  return original.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Node's own functions, as they were when this module was loaded. */
const original = {
  open: fs.promises.open,
  writeSync: fs.writeSync as (fd: number, data: Uint8Array, offset: number, length: null, position: number) => number,
  fstatSync: fs.fstatSync,
  ftruncateSync: fs.ftruncateSync,
  existsSync: fs.existsSync,
  statSync: fs.statSync,
  readFileSync: fs.readFileSync as (path: string) => Uint8Array,
  writeFileSync: fs.writeFileSync,
  appendFileSync: fs.appendFileSync,
  unlinkSync: fs.unlinkSync,
  readdirSync: fs.readdirSync,
};

/** Whether flags of `open` can make or change a file. */
function writes(flags: unknown): boolean {
  return typeof flags === 'number'
    ? (flags & (fs.constants.O_CREAT | fs.constants.O_TRUNC)) !== 0
    : typeof flags === 'string' && /[wa]/u.test(flags);
}

/** `writeSync(fd, buffer, offset)`: what is left to write. */
function bytesOf(args: readonly unknown[]): unknown {
  const [, data, offset] = args;
  return data instanceof Uint8Array && typeof offset === 'number' ? data.subarray(offset) : data;
}

function firstHalf(data: unknown): Uint8Array {
  const parts = Array.isArray(data) ? (data as Uint8Array[]) : [data];
  const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : (part as Uint8Array))));
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}

/** A recursive removal that is killed on the way has removed some files, and no folder yet. */
function removeHalf(folder: string): () => void {
  const files = original
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files.slice(0, Math.ceil(files.length / 2))) original.unlinkSync(file);
  return () => undefined;
}
