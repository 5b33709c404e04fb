import { concatenated, replaceAtomically } from '@expctr/core';
import { open } from '@expctr/core/platform';
import { FormatError } from '../errors.js';
import { sameShape, sizeOf, type FloatTensor } from '../host-tensor.js';
import { storedGguf, type WrittenType } from './quantize.js';

/** A metadata value that is written. */
export type WrittenGgufValue =
  | string
  | boolean
  | {
      /** A number in single precision. */
      readonly float32: number;
    }
  | {
      /** A whole number from 0 to 2^32 - 1. */
      readonly uint32: number;
    }
  | {
      /** A list of texts. */
      readonly strings: readonly string[];
    }
  | {
      /** A list of whole numbers of 32 bits. */
      readonly int32s: readonly number[];
    }
  | {
      /** A list of numbers in single precision. */
      readonly float32s: readonly number[];
    }
  | {
      /** A value as another file has it: the number of its type and its bytes. */
      readonly raw: Uint8Array;
    };

/** Metadata by key. */
export type WrittenGgufMetadata = Readonly<Record<string, WrittenGgufValue>>;

/** A tensor that is made when its turn to be written comes. */
export interface LazyGgufTensor {
  /** Sizes of its axes, slowest first. */
  readonly shape: readonly number[];
  /** How it is stored. */
  readonly type: WrittenType;
  /** Its values. */
  readonly make: () => FloatTensor | Promise<FloatTensor>;
}

/** `gguf_type` of ggml's gguf.h. */
const TYPES = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const ALIGNMENT = 32;

/**
 * Writes a GGUF file, version 3, little-endian, whole or not at all; tensors are stored as float32, in the order given.
 * @throws FormatError `GGUF_BAD_TENSOR` where the data do not have the size of the shape
 */
export async function writeGguf(path: string, metadata: WrittenGgufMetadata, tensors: ReadonlyMap<string, FloatTensor>): Promise<void> {
  for (const [name, tensor] of tensors) checkTensor(path, name, tensor);
  const lazy = [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, type: 'F32', make: () => tensor }] as const);
  await writeLazyGguf(path, metadata, new Map(lazy));
}

/**
 * The same for tensors that are made one by one, and stored as each says.
 * @throws FormatError `GGUF_BAD_TENSOR` where one is made in another shape than announced
 */
export async function writeLazyGguf(
  path: string,
  metadata: WrittenGgufMetadata,
  tensors: ReadonlyMap<string, LazyGgufTensor>,
): Promise<void> {
  const header: Uint8Array[] = [bytesOf('GGUF'), uint32(3), uint64(tensors.size), uint64(Object.keys(metadata).length)];
  for (const [key, value] of Object.entries(metadata)) header.push(text(key), valueBytes(value));
  let offset = 0;
  for (const [name, { shape, type }] of tensors) {
    const { code, bytes } = storedGguf(type);
    // the file has the fastest axis first
    header.push(text(name), uint32(shape.length), ...[...shape].reverse().map(uint64), uint32(code), uint64(offset));
    offset += padded(bytes(sizeOf(shape)));
  }
  const head = concatenated(header);
  await replaceAtomically(path, async (temporary) => {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(withPadding(head));
      for (const [name, { shape, type, make }] of tensors) {
        const tensor = await make();
        checkTensor(path, name, tensor, shape);
        await file.writeFile(withPadding(storedGguf(type).encode(tensor.data)));
      }
    } finally {
      await file.close();
    }
  });
}

function checkTensor(path: string, name: string, { data, shape }: FloatTensor, announced = shape): void {
  if (data.length === sizeOf(shape) && sameShape(shape, announced)) return;
  throw new FormatError('GGUF_BAD_TENSOR', `it has ${data.length} values`, {
    where: `${path}, tensor ${name}`,
    expected: `${sizeOf(announced)} values for shape [${announced.join(', ')}]`,
  });
}

function valueBytes(value: WrittenGgufValue): Uint8Array {
  if (typeof value === 'string') return concatenated([uint32(TYPES.string), text(value)]);
  if (typeof value === 'boolean') return concatenated([uint32(TYPES.bool), Uint8Array.of(value ? 1 : 0)]);
  if ('raw' in value) return value.raw;
  if ('float32' in value) return concatenated([uint32(TYPES.float32), float32(value.float32)]);
  if ('uint32' in value) return concatenated([uint32(TYPES.uint32), uint32(value.uint32)]);
  if ('strings' in value) return array(TYPES.string, value.strings.map(text));
  if ('int32s' in value) return array(TYPES.int32, value.int32s.map(int32));
  return array(TYPES.float32, value.float32s.map(float32));
}

function array(type: number, values: readonly Uint8Array[]): Uint8Array {
  return concatenated([uint32(TYPES.array), uint32(type), uint64(values.length), ...values]);
}

const padded = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

function withPadding(bytes: Uint8Array): Uint8Array {
  const missing = padded(bytes.length) - bytes.length;
  return missing === 0 ? bytes : concatenated([bytes, new Uint8Array(missing)]);
}

const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);

function text(value: string): Uint8Array {
  const bytes = bytesOf(value);
  return concatenated([uint64(bytes.length), bytes]);
}

function view(size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}

const uint32 = (value: number): Uint8Array => view(4, (to) => to.setUint32(0, value, true));
const int32 = (value: number): Uint8Array => view(4, (to) => to.setInt32(0, value, true));
const uint64 = (value: number): Uint8Array => view(8, (to) => to.setBigUint64(0, BigInt(value), true));
const float32 = (value: number): Uint8Array => view(4, (to) => to.setFloat32(0, value, true));
