import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { parseJson, replaceAtomically } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import { CtrError } from '../errors.js';

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, HostTensor>;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** A file of tensors that was written. */
export interface WrittenTensors {
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Where in the file each tensor's bytes begin. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** Bytes that are written, read or digested at once. */
const PIECE = 1 << 24;

/**
 * Writes a safetensors file of float32 tensors: 8 bytes of header length, a JSON header, the data. Tensors are written from where they
 * are: large ones are in memory once.
 */
export async function writeSafetensors(path: string, tensors: NamedTensors): Promise<WrittenTensors> {
  let end = 0;
  const header: Record<string, Entry> = {};
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 8) * 8; // padded with spaces, so that the data is aligned
  const front = new Uint8Array(start).fill(0x20);
  new DataView(front.buffer).setBigUint64(0, BigInt(start - 8), true);
  front.set(json, 8);
  const digest = createHash('sha256');
  await replaceAtomically(path, async (temporary) => {
    const file = await open(temporary, 'w');
    try {
      for (const data of [front, ...[...tensors.values()].map((tensor) => bytesOf(tensor))]) {
        for (let at = 0; at < data.length; at += PIECE) {
          const piece = data.subarray(at, at + PIECE);
          digest.update(piece);
          await file.writeFile(piece);
        }
      }
    } finally {
      await file.close();
    }
  });
  const offsets = Object.entries(header).map(([name, { data_offsets: place }]) => [name, start + place[0]] as const);
  return { sha256: digest.digest('hex'), offsets: new Map(offsets) };
}

/**
 * Reads a safetensors file of float32 tensors, each into memory of its own.
 * @throws CtrError `CTR_MODEL_FILE` where it is missing, truncated, or holds other types.
 */
export async function readSafetensors(path: string): Promise<{ readonly tensors: Map<string, HostTensor>; readonly sha256: string }> {
  const file = await open(path).catch((cause: unknown) => {
    throw damaged(path, 'it cannot be read', cause);
  });
  try {
    return { tensors: await readTensors(file, path), sha256: await digestOf(file) };
  } finally {
    await file.close();
  }
}

async function readTensors(file: FileHandle, path: string): Promise<Map<string, HostTensor>> {
  const { size } = await file.stat();
  if (size < 8) throw damaged(path, 'it is shorter than its header length');
  const length = Buffer.alloc(8);
  await readInto(file, length, 0, path);
  const dataStart = 8 + Number(length.readBigUInt64LE(0));
  if (!(dataStart <= size)) throw damaged(path, 'its header is cut off');
  const json = Buffer.alloc(dataStart - 8);
  await readInto(file, json, 8, path);
  let header: unknown;
  try {
    header = parseJson(json.toString('utf8'));
  } catch (cause) {
    throw damaged(path, 'its header is not JSON', cause);
  }
  const tensors = new Map<string, HostTensor>();
  if (!isRecord(header)) throw damaged(path, 'its header is not an object');
  let read = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? (entry as Partial<Record<keyof Entry, unknown>>) : NO_ENTRY;
    if (dtype !== 'F32') throw damaged(path, `the tensor ${name} is ${JSON.stringify(dtype)}, not F32`);
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) throw damaged(path, `the tensor ${name} has no shape or no place`);
    const [start = 0, end = 0] = offsets;
    if (start > end || dataStart + end > size) throw damaged(path, `the tensor ${name} is cut off`);
    if (end - start !== 4 * shape.reduce((size, d) => size * d, 1)) throw damaged(path, `the tensor ${name} has not the size of its shape`);
    read += end - start;
    if (dataStart + read > size) throw damaged(path, `the tensor ${name} is in the place of others`);
    const tensor: HostTensor = { data: new Float32Array((end - start) / 4), shape, dtype: 'float32' };
    await readInto(file, bytesOf(tensor), dataStart + start, path);
    tensors.set(name, tensor);
  }
  return tensors;
}

/** The bytes that hold a tensor's numbers, not a copy. */
export function bytesOf({ data }: HostTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

async function readInto(file: FileHandle, target: Uint8Array, position: number, path: string): Promise<void> {
  for (let at = 0; at < target.length;) {
    const { bytesRead } = await file.read(target, at, Math.min(PIECE, target.length - at), position + at);
    if (bytesRead === 0) throw damaged(path, 'it was cut off while it was read');
    at += bytesRead;
  }
}

async function digestOf(file: FileHandle): Promise<string> {
  const digest = createHash('sha256');
  const piece = new Uint8Array(PIECE);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(piece, 0, PIECE, at);
    if (bytesRead === 0) return digest.digest('hex');
    digest.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}

const NO_ENTRY = { dtype: null, shape: null, data_offsets: null };

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function damaged(path: string, what: string, cause?: unknown): CtrError {
  return new CtrError('CTR_MODEL_FILE', what, {
    where: path,
    remedy: 'copy the model folder again, or fit and save the model anew',
    cause,
  });
}
