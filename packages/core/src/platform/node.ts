import { createHash, randomInt } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import * as path from 'node:path';
import { createContext, Script, type Context } from 'node:vm';
import type { Platform } from './platform.js';

export { NOT_ENDED, type Files, type FileStatus, type OpenFile, type Paths, type Platform, type ReadFile } from './platform.js';

// asked for by name at each call: a test may put others in their places
export const mkdir: Platform['mkdir'] = (path, options) => fs.mkdir(path, options);
export const open: Platform['open'] = (path, mode) => fs.open(path, mode);
export const readdir: Platform['readdir'] = (path) => fs.readdir(path);
export const readFile = ((path: string, encoding?: 'utf8') => fs.readFile(path, encoding)) as Platform['readFile'];
export const rename: Platform['rename'] = (from, to) => fs.rename(from, to);
export const rm: Platform['rm'] = (path, options) => fs.rm(path, options);
export const rmdir: Platform['rmdir'] = (path) => fs.rmdir(path);
export const stat: Platform['stat'] = (path) => fs.stat(path);
export const writeFile: Platform['writeFile'] = (path, content) => fs.writeFile(path, content);

export const { basename, dirname, join } = path as Pick<Platform, 'basename' | 'dirname' | 'join'>;

export const platformName = `${process.platform} ${process.arch}`;

export const processors: Platform['processors'] = availableParallelism;

export const sha256Of: Platform['sha256Of'] = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

export const equalBytes: Platform['equalBytes'] = (a, b) => Buffer.compare(a, b) === 0;

export const uniqueDigits: Platform['uniqueDigits'] = () => `${process.pid}${randomInt(2 ** 47)}`;

/** Made on first use, and used again: making it takes longer than most work. */
let watched: { readonly context: Context; readonly program: Script } | undefined;

export const endedWithin: Platform['endedWithin'] = (timeout, work) => {
  watched ??= { context: createContext({ work: null }), program: new Script('work()') };
  const { context, program } = watched;
  context['work'] = work;
  try {
    return program.runInContext(context, { timeout }) as ReturnType<typeof work>;
  } finally {
    context['work'] = null;
  }
};
