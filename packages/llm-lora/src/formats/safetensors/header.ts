import { parseJson } from '@expctr/core';
import { FormatError } from '../errors.js';
import { sizeOf } from '../host-tensor.js';

/** Type name as it stands in a safetensors header. */
export type SafetensorsType =
  'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U64' | 'U32' | 'U16' | 'U8' | 'BOOL' | 'F8_E4M3' | 'F8_E5M2';

/** Bytes of one value by type. All of them may stand in a header; reading a tensor knows fewer. */
export const SAFETENSORS_BYTES: Readonly<Record<SafetensorsType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
};

/** One tensor of a safetensors file. */
export interface SafetensorsEntry {
  /** The tensor's name. */
  readonly name: string;
  /** Its type in the file. */
  readonly type: SafetensorsType;
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly begin: number;
  /** First byte after it. */
  readonly end: number;
}

/** What a safetensors header says. */
export interface SafetensorsHeader {
  /** Tensors by name, in the order of their bytes. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The free-form `__metadata__` strings. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The reference implementation's own ceiling for a header. */
export const MAXIMUM_HEADER_BYTES = 100_000_000;

/**
 * Reads and checks the JSON part of a safetensors file, under the reference implementation's rules: offsets cover the data
 * exactly, without holes or overlaps, and each tensor has the bytes that its type and shape ask for.
 *
 * @param json the header's bytes (without the 8 that give its length).
 * @param fileBytes size of the whole file. @param path names the file in errors.
 * @throws FormatError `SAFETENSORS_BAD_HEADER`, `SAFETENSORS_BAD_TENSOR`, `SAFETENSORS_BAD_OFFSETS`, `SAFETENSORS_TRUNCATED`.
 */
export function parseHeader(json: Uint8Array, fileBytes: number, path: string): SafetensorsHeader {
  const header = parsedHeader(json, path);
  const start = 8 + json.byteLength;
  const entries: SafetensorsEntry[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = parseMetadata(value, path);
    else entries.push(parseEntry(name, value, start, path));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkOffsets(entries, start, fileBytes, path);
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}

function parsedHeader(json: Uint8Array, path: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw new FormatError('SAFETENSORS_BAD_HEADER', 'the header is not JSON', {
      where: path,
      expected: `a JSON object in bytes 8 to ${8 + json.byteLength}`,
      remedy: REFETCH,
      cause,
    });
  }
  if (isRecord(header)) return header;
  throw new FormatError('SAFETENSORS_BAD_HEADER', 'the header is not a JSON object', { where: path, remedy: REFETCH });
}

function parseMetadata(value: unknown, path: string): Record<string, string> {
  if (isRecord(value) && Object.values(value).every((text) => typeof text === 'string')) return value as Record<string, string>;
  throw new FormatError('SAFETENSORS_BAD_HEADER', '__metadata__ is not an object of strings', { where: path, remedy: REFETCH });
}

function parseEntry(name: string, value: unknown, start: number, path: string): SafetensorsEntry {
  const bad = (what: string, expected: string): FormatError =>
    new FormatError('SAFETENSORS_BAD_TENSOR', what, { where: `${path}, tensor ${name}`, expected, remedy: REFETCH });
  if (!isRecord(value)) throw bad('its entry is not an object', 'dtype, shape and data_offsets');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(SAFETENSORS_BYTES, dtype)) {
    throw bad(`its dtype is ${JSON.stringify(dtype)}`, `one of ${Object.keys(SAFETENSORS_BYTES).join(', ')}`);
  }
  if (!isSizes(shape)) throw bad(`its shape is ${JSON.stringify(shape)}`, 'a list of non-negative whole numbers');
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw bad(`its data_offsets are ${JSON.stringify(offsets)}`, 'two non-negative whole numbers');
  }
  const type = dtype as SafetensorsType;
  const [begin = 0, end = 0] = offsets;
  const bytes = sizeOf(shape) * SAFETENSORS_BYTES[type];
  if (end - begin !== bytes) {
    const expected = `${bytes} bytes for ${type} [${shape.join(', ')}]`;
    throw new FormatError('SAFETENSORS_BAD_OFFSETS', `its data_offsets [${begin}, ${end}] hold ${end - begin} bytes`, {
      where: `${path}, tensor ${name}`,
      expected,
      remedy: REFETCH,
    });
  }
  return { name, type, shape, begin: start + begin, end: start + end };
}

function checkOffsets(entries: readonly SafetensorsEntry[], start: number, fileBytes: number, path: string): void {
  let at = start;
  for (const { name, begin, end } of entries) {
    if (end > fileBytes) {
      throw new FormatError('SAFETENSORS_TRUNCATED', `the file ends at byte ${fileBytes}, inside or before this tensor`, {
        where: `${path}, tensor ${name}`,
        expected: `its bytes ${begin} to ${end}`,
        remedy: REFETCH,
      });
    }
    if (begin !== at) {
      throw new FormatError('SAFETENSORS_BAD_OFFSETS', begin < at ? 'it overlaps the tensor before it' : 'unused bytes lie before it', {
        where: `${path}, tensor ${name}`,
        expected: `its data to begin at byte ${at}, not ${begin}`,
        remedy: REFETCH,
      });
    }
    at = end;
  }
  if (at !== fileBytes) {
    throw new FormatError('SAFETENSORS_BAD_OFFSETS', `the tensors end at byte ${at}, the file at ${fileBytes}`, {
      where: path,
      expected: 'the last tensor to end with the file',
      remedy: REFETCH,
    });
  }
}

/** The remedy of most damaged files. */
export const REFETCH = 'fetch or write the file again; it was cut short or damaged';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
