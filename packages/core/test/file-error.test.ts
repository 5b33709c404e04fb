import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ExpctrError, fileError, FileError, replaceAtomically, withFileErrors, writeFileAtomic } from '../src/index.js';
import { removeTemporaryFiles } from '../src/node.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-file-error-'));
});

const refusal = (code: string, path?: string): Error =>
  Object.assign(new Error(`${code}: refused`), { errno: -1, code, syscall: 'write', ...(path === undefined ? {} : { path }) });

describe('an error of the machine', () => {
  test.each([
    ['ENOSPC', 'FILE_NO_SPACE'],
    ['EDQUOT', 'FILE_NO_SPACE'],
    ['EACCES', 'FILE_NO_PERMISSION'],
    ['EPERM', 'FILE_NO_PERMISSION'],
    ['EROFS', 'FILE_READ_ONLY'],
    ['ENOTDIR', 'FILE_NOT_A_FOLDER'],
    ['EISDIR', 'FILE_IS_A_FOLDER'],
    ['EMFILE', 'FILE_TOO_MANY_OPEN'],
    ['ENFILE', 'FILE_TOO_MANY_OPEN'],
    ['EIO', 'FILE_DEVICE'],
    ['EBUSY', 'FILE_BUSY'],
    ['ENAMETOOLONG', 'FILE_BAD_PATH'],
    ['EWHATEVER', 'FILE_FAILED'],
  ])('%s is %s, with path, remedy and cause; what stood in the file stands there still', async (errno, code) => {
    const path = join(folder, 'state.json');
    await writeFile(path, 'old');
    const cause = refusal(errno, `${path}.1.tmp`);
    const error = await replaceAtomically(path, () => Promise.reject(cause)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileError);
    expect(error).toBeInstanceOf(ExpctrError);
    expect(error).toMatchObject({ code, where: path, cause });
    expect((error as FileError).remedy).toBeTruthy();
    expect((error as FileError).message).toContain(errno);
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  test('a file where a folder is needed, and a folder where a file is needed', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(writeFileAtomic(join(folder, 'file', 'x', 'y.json'), '{}')).rejects.toMatchObject({ code: 'FILE_NOT_A_FOLDER' });
    await expect(writeFileAtomic(join(folder, 'file', 'y.json'), '{}')).rejects.toMatchObject({ code: 'FILE_NOT_A_FOLDER' });
    await writeFileAtomic(join(folder, 'is-folder', 'inner'), '');
    await expect(writeFileAtomic(join(folder, 'is-folder'), '{}')).rejects.toMatchObject({ code: 'FILE_IS_A_FOLDER' });
  });

  test('what is none of a file stays as it is', async () => {
    const network = refusal('ECONNREFUSED');
    for (const other of [new Error('x'), new TypeError('y'), network, 'text', undefined]) expect(fileError(other)).toBe(other);
    await expect(withFileErrors('p', () => Promise.reject(new RangeError('bug')))).rejects.toBeInstanceOf(RangeError);
    const typed = fileError(refusal('ENOSPC'), 'p');
    expect(fileError(typed, 'q')).toBe(typed);
  });
});

test('temporary files that a kill left are removed, all else stays', async () => {
  await writeFileAtomic(join(folder, 'a', 'b.json'), '1');
  await writeFile(join(folder, 'a', 'b.json.4711.tmp'), 'half');
  await writeFile(join(folder, 'notes.tmp'), 'mine');
  await removeTemporaryFiles(folder);
  await expect(readFile(join(folder, 'a', 'b.json.4711.tmp'))).rejects.toThrow();
  expect(await readFile(join(folder, 'a', 'b.json'), 'utf8')).toBe('1');
  expect(await readFile(join(folder, 'notes.tmp'), 'utf8')).toBe('mine');
});
