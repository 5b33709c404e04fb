import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Files } from './target.js';

/** All files below a folder. */
export function filesIn(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => [join(parentPath, name).slice(folder.length + 1), readFileSync(join(parentPath, name))]),
  );
}

/** Integers, little-endian, and texts with their length. */
export const u32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);
export const f32 = (value: number): Buffer => Buffer.from(Float32Array.of(value).buffer);
export const u64 = (value: number): Buffer => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

/** A tensor of a GGUF file: sizes slowest first, type F32. */
export interface GgufTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A GGUF file of float32 tensors. Metadata: numbers are uint32 where they are whole, else float32. */
export function ggufBytes(metadata: Readonly<Record<string, string | number | readonly string[]>>, tensors: readonly GgufTensor[]): Buffer {
  const value = (of: string | number | readonly string[]): Buffer => {
    if (typeof of === 'string') return Buffer.concat([u32(8), text(of)]);
    if (typeof of === 'number') return Number.isInteger(of) ? Buffer.concat([u32(4), u32(of)]) : Buffer.concat([u32(6), f32(of)]);
    return Buffer.concat([u32(9), u32(8), u64(of.length), ...of.map(text)]);
  };
  const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);
  let offset = 0;
  const infos = tensors.map(({ name, shape, data }) => {
    const info = [text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(0), u64(offset)];
    offset += padded(Buffer.alloc(data.byteLength)).length;
    return Buffer.concat(info);
  });
  const entries = Object.entries(metadata).map(([key, of]) => Buffer.concat([text(key), value(of)]));
  const header = padded(Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length), ...entries, ...infos]));
  return Buffer.concat([header, ...tensors.map(({ data }) => padded(Buffer.from(data.buffer)))]);
}
