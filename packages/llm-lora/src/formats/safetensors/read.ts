import { open, type OpenFile } from '@expctr/core/platform';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import { FormatError } from '../errors.js';
import { readFully } from '../file-bytes.js';
import { sizeOf, type FloatTensor } from '../host-tensor.js';
import { expandBfloat16, expandHalf } from '../reduced-floats.js';
import { MAXIMUM_HEADER_BYTES, parseHeader, REFETCH, type SafetensorsEntry, type SafetensorsHeader } from './header.js';

/** An open safetensors file whose tensors are read one by one, each straight into its own memory. */
export interface SafetensorsFile extends SafetensorsHeader {
  /** Where the file is. */
  readonly path: string;
  /** Reads one tensor; F16 and BF16 become float32. @throws FormatError `SAFETENSORS_MISSING_TENSOR`, `SAFETENSORS_UNSUPPORTED_TYPE`. */
  read(name: string): Promise<HostTensor>;
  /** As `read`, for tensors that must be floating-point. @throws FormatError `SAFETENSORS_UNSUPPORTED_TYPE`. */
  readFloat(name: string): Promise<FloatTensor>;
  /** Closes the file. */
  close(): Promise<void>;
}

/** Opens a safetensors file and checks its header; no tensor is read yet. @throws FormatError for every malformation. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await openFile(path);
  try {
    const header = await readHeader(handle, path);
    const entry = (name: string): SafetensorsEntry => {
      const found = header.entries.get(name);
      if (found !== undefined) return found;
      throw new FormatError('SAFETENSORS_MISSING_TENSOR', `it has no tensor ${name}`, {
        where: path,
        expected: `one of ${[...header.entries.keys()].slice(0, 5).join(', ')}, … (${header.entries.size} tensors)`,
      });
    };
    return {
      path,
      ...header,
      read: (name) => readEntry(handle, entry(name), path),
      readFloat: (name) => readFloatEntry(handle, entry(name), path),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** All of a safetensors file. */
export interface SafetensorsContent {
  /** Tensors by name, in the order of their bytes. */
  readonly tensors: Map<string, HostTensor>;
  /** The free-form strings of the header. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads all tensors of one safetensors file.
 * @throws FormatError for a missing or malformed file and for types other than F32, F16, BF16, I32 and BOOL.
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  const file = await openSafetensors(path);
  try {
    const tensors = new Map<string, HostTensor>();
    for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
    return { tensors, metadata: file.metadata };
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<OpenFile> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new FormatError('SAFETENSORS_NOT_FOUND', 'the file cannot be opened', {
      where: path,
      remedy: 'check the path and that the file may be read',
      cause,
    });
  }
}

async function readHeader(handle: OpenFile, path: string): Promise<SafetensorsHeader> {
  const { size } = await handle.stat();
  if (size < 8) {
    throw new FormatError('SAFETENSORS_TRUNCATED', `the file has ${size} bytes`, { where: path, expected: 'at least 8', remedy: REFETCH });
  }
  const prefix = new DataView(await readFully(handle, 0, 8, path));
  const length = prefix.getBigUint64(0, true);
  if (length > BigInt(Math.min(MAXIMUM_HEADER_BYTES, size - 8))) {
    const cut = length <= BigInt(MAXIMUM_HEADER_BYTES);
    throw new FormatError(cut ? 'SAFETENSORS_TRUNCATED' : 'SAFETENSORS_BAD_HEADER', `it announces a header of ${length} bytes`, {
      where: path,
      expected: `at most ${Math.min(MAXIMUM_HEADER_BYTES, size - 8)} bytes in a file of ${size}`,
      remedy: cut ? REFETCH : 'check that this is a safetensors file',
    });
  }
  return parseHeader(new Uint8Array(await readFully(handle, 8, Number(length), path)), size, path);
}

async function readEntry(handle: OpenFile, entry: SafetensorsEntry, path: string): Promise<HostTensor> {
  const { type, shape, begin, end } = entry;
  if (type === 'I32') return { data: new Int32Array(await readFully(handle, begin, end - begin, path)), shape, dtype: 'int32' };
  if (type === 'BOOL') return { data: new Uint8Array(await readFully(handle, begin, end - begin, path)), shape, dtype: 'bool' };
  return readFloatEntry(handle, entry, path, 'F32, F16, BF16, I32 or BOOL');
}

/** Reduced types are expanded in pieces of this many bytes, so that a tensor is never held twice. */
const PIECE_BYTES = 1 << 22;

async function readFloatEntry(
  handle: OpenFile,
  entry: SafetensorsEntry,
  path: string,
  supported = 'F32, F16 or BF16',
): Promise<FloatTensor> {
  const { name, type, shape, begin, end } = entry;
  if (type === 'F32') return { data: new Float32Array(await readFully(handle, begin, end - begin, path)), shape, dtype: 'float32' };
  if (type !== 'F16' && type !== 'BF16') {
    throw new FormatError('SAFETENSORS_UNSUPPORTED_TYPE', `its type is ${type}`, {
      where: `${path}, tensor ${name}`,
      expected: supported,
      remedy: 'save the file again with one of these types, for instance model.to(torch.float16).save_pretrained(folder)',
    });
  }
  const expand = type === 'F16' ? expandHalf : expandBfloat16;
  const data = new Float32Array(sizeOf(shape));
  for (let at = begin; at < end; at += PIECE_BYTES) {
    const piece = await readFully(handle, at, Math.min(PIECE_BYTES, end - at), path);
    expand(new Uint16Array(piece), data, (at - begin) / 2);
  }
  return { data, shape, dtype: 'float32' };
}
