import type { OpenFile } from '@expctr/core/platform';
import { FormatError } from '../errors.js';
import { readFully } from '../file-bytes.js';
import { sizeOf } from '../host-tensor.js';
import { cursorOver, NeedsMoreBytes, type Cursor } from './cursor.js';
import { damaged, truncated } from './errors.js';
import { readMetadata, type GgufMetadata, type OnValue } from './metadata.js';
import { TENSOR_TYPES } from './tensor-types.js';

/** One tensor of a GGUF file. */
export interface GgufTensor {
  /** Its name, `blk.0.attn_q.weight` and so on. */
  readonly name: string;
  /** Number of its type (`ggml_type`). */
  readonly type: number;
  /** Sizes of its axes, slowest first (the file has them the other way round). */
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly begin: number;
  /** First byte after it; `begin` where the type is not one that is read. */
  readonly end: number;
}

/** What a GGUF file says before its weights. */
export interface GgufHeader {
  /** Version of the format, 2 or 3. */
  readonly version: number;
  /** Metadata by key. */
  readonly metadata: GgufMetadata;
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const FIRST_READ_BYTES = 1 << 22;
const DEFAULT_ALIGNMENT = 32;

/**
 * Reads the header of a GGUF file (little-endian, versions 2 and 3).
 * @throws FormatError `GGUF_BAD_MAGIC`, `GGUF_UNSUPPORTED_VERSION`, `GGUF_BAD_HEADER`, `GGUF_TRUNCATED`.
 */
export async function readGgufHeader(handle: OpenFile, path: string, onValue?: OnValue): Promise<GgufHeader> {
  const { size } = await handle.stat();
  // Headers hold the vocabulary, so their length is not known beforehand: read on, from the start, until all is there.
  for (let length = Math.min(FIRST_READ_BYTES, size); ; length = Math.min(length * 4, size)) {
    const bytes = new Uint8Array(await readFully(handle, 0, length, path));
    try {
      return parse(cursorOver(bytes, size, path), size, onValue);
    } catch (error) {
      if (!(error instanceof NeedsMoreBytes)) throw error;
    }
  }
}

function parse(cursor: Cursor, fileBytes: number, onValue?: OnValue): GgufHeader {
  const version = checkStart(cursor);
  const tensorCount = cursor.count();
  const metadataCount = cursor.count();
  const metadata = readMetadata(cursor, metadataCount, onValue);
  const alignment = metadata['general.alignment'] ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || alignment > 2 ** 31 || !Number.isInteger(Math.log2(alignment))) {
    throw damaged(cursor.path, `general.alignment is ${String(alignment)}`, 'a power of two');
  }
  cursor.within('the list of tensors');
  cursor.expectItems(tensorCount, 24);
  const infos = Array.from({ length: tensorCount }, (_, index) => readInfo(cursor, index));
  const start = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const info of infos) {
    if (tensors.has(info.name)) throw damaged(cursor.path, `the tensor ${info.name} occurs twice`, 'each tensor once');
    tensors.set(info.name, place(info, start, alignment, fileBytes, cursor.path));
  }
  checkOverlap([...tensors.values()], cursor.path);
  return { version, metadata, tensors };
}

function checkOverlap(tensors: GgufTensor[], path: string): void {
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const [index, { name, begin }] of tensors.entries()) {
    const before = tensors[index - 1];
    if (before !== undefined && begin < before.end) {
      throw damaged(path, `the tensors ${before.name} and ${name} overlap`, `${name} to begin at byte ${before.end} or later`);
    }
  }
}

function checkStart(cursor: Cursor): number {
  cursor.within('the first 24 bytes');
  const magic = cursor.uint32();
  if (magic !== 0x46554747) {
    throw new FormatError('GGUF_BAD_MAGIC', `the file begins with the bytes ${hex(magic)}`, {
      where: cursor.path,
      expected: 'GGUF (47 47 55 46)',
      remedy: 'check that this is a GGUF file and that all of it was downloaded',
    });
  }
  const version = cursor.uint32();
  if (version === 2 || version === 3) return version;
  throw new FormatError('GGUF_UNSUPPORTED_VERSION', `the format's version is ${version}`, {
    where: cursor.path,
    expected: 'version 2 or 3, little-endian',
    remedy: 'convert the model again with a current llama.cpp',
  });
}

function hex(word: number): string {
  return [0, 8, 16, 24].map((shift) => ((word >>> shift) & 255).toString(16).padStart(2, '0')).join(' ');
}

interface Info {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly offset: number;
}

function readInfo(cursor: Cursor, index: number): Info {
  cursor.within(`the entry of tensor ${index}`);
  const name = cursor.text();
  const axes = cursor.uint32();
  if (axes > 4) throw damaged(cursor.path, `the tensor ${name} has ${axes} axes`, 'at most 4');
  const shape = Array.from({ length: axes }, () => cursor.count()).reverse();
  return { name, shape, type: cursor.uint32(), offset: cursor.count() };
}

function place({ name, shape, type, offset }: Info, start: number, alignment: number, fileBytes: number, path: string): GgufTensor {
  const begin = start + offset;
  if (offset % alignment !== 0) throw damaged(path, `the tensor ${name} begins at offset ${offset}`, `a multiple of ${alignment}`);
  const known = TENSOR_TYPES[type];
  if (known === undefined) return { name, type, shape, begin, end: begin };
  const row = shape.at(-1) ?? 1;
  if (row % known.blockSize !== 0) {
    throw damaged(path, `the tensor ${name} has rows of ${row} weights`, `a multiple of ${known.blockSize} for ${known.name}`);
  }
  const end = begin + (sizeOf(shape) / known.blockSize) * known.blockBytes;
  if (!(end <= fileBytes)) throw truncated(path, `the tensor ${name}`, end, fileBytes);
  return { name, type, shape, begin, end };
}
