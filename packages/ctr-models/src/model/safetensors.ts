import { readFile } from 'node:fs/promises';
import { parseJson, writeFileAtomic } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import { CtrError } from '../errors.js';

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, HostTensor>;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** The bytes of a safetensors file of float32 tensors: 8 bytes of header length, a JSON header, the data. */
export function encodeSafetensors(tensors: NamedTensors): Uint8Array {
  let end = 0;
  const header: Record<string, Entry> = {};
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8; // padded with spaces, so that the data is aligned
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(json, 8);
  let at = 8 + headerBytes;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** Writes {@link encodeSafetensors} to a file. */
export async function writeSafetensors(path: string, tensors: NamedTensors): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors));
}

/**
 * Reads a safetensors file of float32 tensors.
 * @throws CtrError `CTR_MODEL_FILE` where it is missing, truncated, or holds other types.
 */
export async function readSafetensors(path: string): Promise<Map<string, HostTensor>> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw damaged(path, 'it cannot be read', cause);
  });
  if (bytes.length < 8) throw damaged(path, 'it is shorter than its header length');
  const dataStart = 8 + Number(bytes.readBigUInt64LE(0));
  if (!(dataStart <= bytes.length)) throw damaged(path, 'its header is cut off');
  let header: unknown;
  try {
    header = parseJson(bytes.subarray(8, dataStart).toString('utf8'));
  } catch (cause) {
    throw damaged(path, 'its header is not JSON', cause);
  }
  const tensors = new Map<string, HostTensor>();
  if (!isRecord(header)) throw damaged(path, 'its header is not an object');
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? (entry as Partial<Record<keyof Entry, unknown>>) : NO_ENTRY;
    if (dtype !== 'F32') throw damaged(path, `the tensor ${name} is ${JSON.stringify(dtype)}, not F32`);
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) throw damaged(path, `the tensor ${name} has no shape or no place`);
    const [start = 0, end = 0] = offsets;
    if (start > end || dataStart + end > bytes.length) throw damaged(path, `the tensor ${name} is cut off`);
    if (end - start !== 4 * shape.reduce((size, d) => size * d, 1)) throw damaged(path, `the tensor ${name} has not the size of its shape`);
    const data = new Float32Array((end - start) / 4);
    new Uint8Array(data.buffer).set(bytes.subarray(dataStart + start, dataStart + end));
    tensors.set(name, { data, shape, dtype: 'float32' });
  }
  return tensors;
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
