import { replaceAtomically, checkOptions, type OptionKeys } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import { open } from '@expctr/core/platform';
import { FormatError } from '../errors.js';
import { sameShape, sizeOf } from '../host-tensor.js';
import { toBfloat16, toHalf } from '../reduced-floats.js';
import { SAFETENSORS_BYTES, type SafetensorsType } from './header.js';

/** Options of {@link writeSafetensors}. */
export interface WriteSafetensorsOptions {
  /** Free-form strings for the header. Default none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How float32 tensors are stored; F16 and BF16 round to nearest, ties to even. Default 'F32'. */
  readonly floats?: 'F32' | 'F16' | 'BF16';
}

/** A tensor that is made when its turn to be written comes. */
export interface LazyTensor extends Pick<HostTensor, 'shape' | 'dtype'> {
  /** Its values, in the shape and type that are announced. */
  readonly make: () => HostTensor;
}

/** The reference implementation puts tensors of these types in this order, each type sorted by name. */
const TYPE_ORDER: readonly SafetensorsType[] = ['F32', 'I32', 'BF16', 'F16', 'BOOL'];

const WRITE_SAFETENSORS_OPTIONS: OptionKeys<WriteSafetensorsOptions> = { metadata: true, floats: true };

/**
 * Writes tensors to one safetensors file, whole or not at all: float32 as asked, int32 as I32, bool as BOOL. The bytes are
 * those of the reference implementation: its order of tensors, the header padded to 8 bytes.
 *
 * @throws FormatError `SAFETENSORS_BAD_TENSOR` where the data do not have the size of the shape.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  parameters: WriteSafetensorsOptions = {},
): Promise<void> {
  checkOptions('writeSafetensors', parameters, WRITE_SAFETENSORS_OPTIONS);
  for (const [name, tensor] of tensors) checkTensor(path, name, tensor);
  const lazy = [...tensors].map(([name, tensor]) => [name, { ...tensor, make: () => tensor }] as const);
  await writeLazySafetensors(path, new Map(lazy), parameters);
}

/**
 * The same for tensors that are made one by one: no two of them are in memory for it.
 * @throws FormatError `SAFETENSORS_BAD_TENSOR` where one is made in another shape than announced.
 */
export async function writeLazySafetensors(
  path: string,
  tensors: ReadonlyMap<string, LazyTensor>,
  { metadata, floats = 'F32' }: WriteSafetensorsOptions = {},
): Promise<void> {
  const typeOf = ({ dtype }: LazyTensor): SafetensorsType => (dtype === 'float32' ? floats : dtype === 'int32' ? 'I32' : 'BOOL');
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) => TYPE_ORDER.indexOf(typeOf(a)) - TYPE_ORDER.indexOf(typeOf(b)) || compareBytes(nameA, nameB),
  );
  const header: [string, unknown][] = metadata === undefined ? [] : [['__metadata__', metadata]];
  let at = 0;
  for (const [name, tensor] of sorted) {
    const bytes = sizeOf(tensor.shape) * SAFETENSORS_BYTES[typeOf(tensor)];
    header.push([name, { dtype: typeOf(tensor), shape: tensor.shape, data_offsets: [at, at + bytes] }]);
    at += bytes;
  }
  await replaceAtomically(path, async (temporary) => {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(headerBytes(Object.fromEntries(header)));
      for (const [name, { shape, make }] of sorted) {
        const tensor = make();
        checkTensor(path, name, tensor, shape);
        await file.writeFile(storedBytes(tensor, floats));
      }
    } finally {
      await file.close();
    }
  });
}

function checkTensor(path: string, name: string, { data, shape }: HostTensor, announced = shape): void {
  if (name === '__metadata__') {
    throw new FormatError('SAFETENSORS_BAD_TENSOR', 'a tensor cannot be called __metadata__', { where: path, remedy: 'rename it' });
  }
  if (data.length === sizeOf(shape) && sameShape(shape, announced)) return;
  throw new FormatError('SAFETENSORS_BAD_TENSOR', `it has ${data.length} values`, {
    where: `${path}, tensor ${name}`,
    expected: `${sizeOf(announced)} values for shape [${announced.join(', ')}]`,
  });
}

function headerBytes(header: Record<string, unknown>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20, 8 + json.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

function storedBytes({ data }: HostTensor, floats: 'F32' | 'F16' | 'BF16'): Uint8Array {
  const stored = data instanceof Float32Array && floats !== 'F32' ? (floats === 'F16' ? toHalf(data) : toBfloat16(data)) : data;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

/** Order of the bytes in UTF-8, which is that of the code points. */
function compareBytes(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((character, i) => character !== right[i]);
  return at === -1 ? left.length - right.length : left[at]!.codePointAt(0)! - (right[at]?.codePointAt(0) ?? -1);
}
