import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError } from '../errors.js';
import { openArrow } from '../read/arrow-file.js';
import type { ColumnFile } from '../read/column-batches.js';
import { decodeText } from '../read/field-values.js';
import { openInput, type InputFile } from '../read/input-file.js';
import { isLake, openLake } from '../read/lake.js';
import { openParquet } from '../read/parquet.js';
import { openZipMember, zipMembers } from '../read/zip.js';

/** What a file is by its first bytes. */
export type FileKind = 'text' | 'parquet' | 'arrow' | 'lake' | 'empty' | 'utf-16' | 'unreadable';

/** The beginning of a file. */
export interface Head {
  readonly kind: FileKind;
  /** Its first lines, without line ends; of a file of columns none. */
  readonly lines: readonly string[];
  /** The columns of a Parquet or Arrow file or lake. */
  readonly names: readonly string[];
  /** Why it is unreadable. */
  readonly error?: DataError;
}

/** A file that may be one of a dataset's. */
export interface Candidate {
  /** Its name in the folder; of a zip archive's member `archive.zip/member`. */
  readonly name: string;
  /** Where it lies; of a member, the archive. */
  readonly path: string;
  /** Its beginning. */
  readonly head: Head;
  /** Opens it, unpacked. */
  readonly open: () => Promise<InputFile>;
}

const HEAD_BYTES = 1 << 18;
const HEAD_LINES = 50;

/** The files in a folder and in the zip archives there, by name. @throws DataError `DATA_FOLDER`, `DATA_ZIP`. */
export async function listCandidates(dataDir: string): Promise<Candidate[]> {
  if (isLake(dataDir) || (await isFile(dataDir))) return candidatesAt(dataDir, basename(dataDir));
  const names = (await namesIn(dataDir)).filter((name) => !name.startsWith('.'));
  const all: Candidate[] = [];
  for (const name of names) all.push(...(await candidatesAt(join(dataDir, name), name)));
  return all;
}

/** One file, the members of one archive, or the files of a lake together. */
export async function candidatesAt(path: string, name: string): Promise<Candidate[]> {
  if (isLake(path))
    return [{ name, path, head: { kind: 'lake', lines: [], names: (await openLake(path)).names }, open: () => openInput(path) }];
  if ((await firstBytes(path)) !== 'PK\x03\x04') {
    const open = () => openInput(path);
    return [{ name, path, head: await headOf(open, path), open }];
  }
  const members = (await zipMembers(path)).filter((member) => !/(^|\/)(\.|__MACOSX\/)/u.test(member));
  const all: Candidate[] = [];
  for (const member of members) {
    const open = () => Promise.resolve(openZipMember(path, member));
    all.push({ name: `${name}/${member}`, path, head: await headOf(open), open });
  }
  return all;
}

async function headOf(open: () => Promise<InputFile>, path?: string): Promise<Head> {
  const of = (kind: FileKind): Head => ({ kind, lines: [], names: [] });
  let bytes: Buffer;
  try {
    bytes = await beginning(await open());
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { ...of('unreadable'), error }; // an error only if it is one of the dataset's files
  }
  if (bytes.length === 0) return of('empty');
  const magic = bytes.toString('latin1', 0, 6);
  if (path !== undefined && magic.startsWith('PAR1')) return columnsHead('parquet', () => openParquet(path));
  if (path !== undefined && magic === 'ARROW1') return columnsHead('arrow', () => openArrow(path));
  if (magic.startsWith('\xff\xfe') || magic.startsWith('\xfe\xff')) return of('utf-16');
  const whole = bytes.length < HEAD_BYTES;
  const text = (decodeText(bytes, 'either') ?? bytes.toString('latin1')).replace(/^\uFEFF|^ï»¿/u, '');
  const lines = text.split(/\r?\n/u);
  if (lines.length > 1 && !whole) lines.pop(); // the last is cut
  return { ...of('text'), lines: lines.filter((line) => line !== '').slice(0, HEAD_LINES) };
}

async function columnsHead(kind: FileKind, open: () => Promise<ColumnFile>): Promise<Head> {
  try {
    return { kind, lines: [], names: (await open()).names };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { kind: 'unreadable', lines: [], names: [], error };
  }
}

async function beginning(input: InputFile): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of input.chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= HEAD_BYTES) break;
  }
  return Buffer.concat(parts).subarray(0, HEAD_BYTES);
}

async function firstBytes(path: string): Promise<string> {
  try {
    for await (const chunk of (await openInput(path)).chunks) return chunk.toString('latin1', 0, 4);
  } catch (error) {
    if (!(error instanceof DataError)) throw error; // what is wrong with it shows when its head is read
  }
  return '';
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** The names in a folder, sorted. @throws DataError `DATA_FOLDER`. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new DataError('DATA_FOLDER', code === 'ENOENT' ? 'there is no such folder' : `the folder cannot be read (${code})`, {
      where: folder,
      expected: 'a folder with the files of a dataset',
      remedy: 'give it with --data-dir',
      cause,
      wrongUse: true,
    });
  }
}
