import * as nodeFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as nodePath from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import * as browser from '../src/platform/browser.js';
import { memoryFiles } from '../src/platform/memory-files.js';
import * as node from '../src/platform/node.js';
import type { Files } from '../src/platform/platform.js';
import * as paths from '../src/platform/posix-paths.js';

const NAMES = ['a', 'b', 'a/c', 'a/c/d', 'b/c', 'b/d'];
const name = fc.constantFrom(...NAMES);
const content = fc.string({ maxLength: 6 });

/** An operation on files below a folder, and what is to be seen of what it gives. */
type Operation = (files: Files, at: (name: string) => string) => Promise<unknown>;

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(name, content).map(
    ([path, text]): Operation =>
      (files, at) =>
        files.writeFile(at(path), text),
  ),
  fc.tuple(name, fc.boolean()).map(([path, recursive]): Operation => async (files, at) => {
    await files.mkdir(at(path), { recursive });
  }),
  name.map(
    (path): Operation =>
      (files, at) =>
        files.readFile(at(path), 'utf8'),
  ),
  name.map((path): Operation => async (files, at) => [...(await files.readFile(at(path)))]),
  name.map(
    (path): Operation =>
      async (files, at) =>
        (await files.readdir(at(path))).sort(),
  ),
  name.map((path): Operation => async (files, at) => {
    const status = await files.stat(at(path));
    return [status.isDirectory(), status.isFile(), status.isFile() ? status.size : 0];
  }),
  fc.tuple(name, name).map(
    ([from, to]): Operation =>
      (files, at) =>
        files.rename(at(from), at(to)),
  ),
  fc.tuple(name, fc.boolean(), fc.boolean()).map(
    ([path, recursive, force]): Operation =>
      (files, at) =>
        files.rm(at(path), { recursive, force }),
  ),
  name.map(
    (path): Operation =>
      (files, at) =>
        files.rmdir(at(path)),
  ),
  fc.tuple(name, content, content).map(([path, first, second]): Operation => async (files, at) => {
    const file = await files.open(at(path), 'w');
    await file.writeFile(first);
    await file.writeFile(new TextEncoder().encode(second));
    await file.sync();
    const { size } = await file.stat();
    await file.close();
    return size;
  }),
  fc.tuple(name, fc.nat(4), fc.integer({ min: 1, max: 4 })).map(([path, position, length]): Operation => async (files, at) => {
    const file = await files.open(at(path), 'r');
    try {
      const into = new Uint8Array(6);
      const { bytesRead } = await file.read(into, 1, length, position);
      return [bytesRead, ...into];
    } finally {
      await file.close();
    }
  }),
);

/** What an operation gives, or the code of its error. */
async function outcome(files: Files, root: string, operate: Operation): Promise<unknown> {
  try {
    return (await operate(files, (path) => nodePath.join(root, path))) ?? null;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

test('files in memory do what those of the file system do, operation by operation, errors included', async () => {
  const parent = await nodeFiles.mkdtemp(nodePath.join(tmpdir(), 'expctr-platform-'));
  onTestFinished(() => nodeFiles.rm(parent, { recursive: true }));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
      const root = nodePath.join(parent, String((run += 1)));
      const memory = memoryFiles();
      for (const files of [node, memory]) await files.mkdir(root, { recursive: true });
      for (const operate of operations) expect(await outcome(memory, root, operate)).toEqual(await outcome(node, root, operate));
    }),
    { numRuns: 60 },
  );
});

test('paths are put together and taken apart as by node:path', () => {
  const path = fc.array(fc.constantFrom('', '/', '.', '..', 'a', 'bc', 'a/b', '/d'), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(path, (parts) => {
      const joined = nodePath.posix.join(...parts);
      expect(paths.join(...parts)).toBe(joined);
      expect(paths.dirname(joined)).toBe(nodePath.posix.dirname(joined));
      expect(paths.basename(joined)).toBe(nodePath.posix.basename(joined));
    }),
  );
});

test('hashes and comparisons of a browser are those of Node', () => {
  const parts = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array(), fc.int32Array()), { maxLength: 4 });
  fc.assert(fc.property(parts, (given) => browser.sha256Of(given) === node.sha256Of(given)));
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => browser.equalBytes(a, b) === node.equalBytes(a, b)));
  expect(browser.equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
});

test('work that does not end is ended by force in Node', () => {
  expect(node.endedWithin(1000, () => 7)).toBe(7);
  expect(() => node.endedWithin(20, () => /^(a+)+b$/u.test('a'.repeat(40)))).toThrow(expect.objectContaining({ code: node.NOT_ENDED }));
  expect(() => node.endedWithin(1000, () => JSON.parse('{') as unknown)).toThrow(SyntaxError);
});
