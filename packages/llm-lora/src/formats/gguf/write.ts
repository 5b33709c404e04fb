import { replaceAtomically } from '@expctr/core';
import { open } from 'node:fs/promises';
import { FormatError } from '../errors.js';
import { sizeOf, type FloatTensor } from '../host-tensor.js';

/** A metadata value that is written: text, or a float32. */
export type WrittenGgufValue = string | { readonly float32: number };

/** `gguf_type` and `ggml_type` of ggml's gguf.h and ggml.h. */
const [FLOAT32, STRING, F32] = [6, 8, 0];
const ALIGNMENT = 32;

/**
 * Writes a GGUF file, version 3, little-endian, whole or not at all; tensors are stored as float32, in the order given.
 * @throws FormatError `GGUF_BAD_TENSOR` where the data do not have the size of the shape
 */
export async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, WrittenGgufValue>>,
  tensors: ReadonlyMap<string, FloatTensor>,
): Promise<void> {
  const header: Uint8Array[] = [bytesOf('GGUF'), uint32(3), uint64(tensors.size), uint64(Object.keys(metadata).length)];
  for (const [key, value] of Object.entries(metadata)) {
    header.push(text(key), ...(typeof value === 'string' ? [uint32(STRING), text(value)] : [uint32(FLOAT32), float32(value.float32)]));
  }
  let offset = 0;
  for (const [name, { data, shape }] of tensors) {
    if (data.length !== sizeOf(shape)) {
      throw new FormatError('GGUF_BAD_TENSOR', `it has ${data.length} values`, {
        where: `${path}, tensor ${name}`,
        expected: `${sizeOf(shape)} values for shape [${shape.join(', ')}]`,
      });
    }
    // the file has the fastest axis first
    header.push(text(name), uint32(shape.length), ...[...shape].reverse().map(uint64), uint32(F32), uint64(offset));
    offset += padded(data.byteLength);
  }
  const head = Buffer.concat(header);
  await replaceAtomically(path, async (temporary) => {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(withPadding(head));
      for (const { data } of tensors.values())
        await file.writeFile(withPadding(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
    } finally {
      await file.close();
    }
  });
}

const padded = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

function withPadding(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(padded(bytes.length));
  whole.set(bytes);
  return whole;
}

const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);

function text(value: string): Uint8Array {
  const bytes = bytesOf(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function view(size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}

const uint32 = (value: number): Uint8Array => view(4, (to) => to.setUint32(0, value, true));
const uint64 = (value: number): Uint8Array => view(8, (to) => to.setBigUint64(0, BigInt(value), true));
const float32 = (value: number): Uint8Array => view(4, (to) => to.setFloat32(0, value, true));
