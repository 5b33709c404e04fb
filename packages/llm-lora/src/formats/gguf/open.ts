import { open, type OpenFile } from '@expctr/core/platform';
import { FormatError } from '../errors.js';
import { readFully } from '../file-bytes.js';
import { sizeOf, type FloatTensor } from '../host-tensor.js';
import { readGgufHeader, type GgufHeader, type GgufTensor } from './header.js';
import { TENSOR_TYPES, tensorTypeName } from './tensor-types.js';

/** An open GGUF file whose tensors are read one by one. */
export interface GgufFile extends GgufHeader {
  /** Where the file is. */
  readonly path: string;
  /** Reads one tensor as float32. @throws FormatError `GGUF_MISSING_TENSOR`, `GGUF_UNSUPPORTED_TYPE`. */
  read(name: string): Promise<FloatTensor>;
  /** Closes the file. */
  close(): Promise<void>;
}

/** Opens a GGUF file and reads its header; no weights yet. @throws FormatError for every malformation. */
export async function openGguf(path: string): Promise<GgufFile> {
  let handle: OpenFile;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    throw new FormatError('GGUF_NOT_FOUND', 'the file cannot be opened', { where: path, remedy: 'check the path', cause });
  }
  try {
    const header = await readGgufHeader(handle, path);
    return { path, ...header, read: (name) => readTensor(handle, header.tensors.get(name), name, path), close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @throws FormatError `GGUF_UNSUPPORTED_TYPE` where a tensor is stored in a way that is not read; it lists those that are. */
export function checkTensorTypes(file: GgufFile): void {
  for (const tensor of file.tensors.values()) if (TENSOR_TYPES[tensor.type] === undefined) throw unsupportedType(tensor, file.path);
}

function unsupportedType({ name, type }: GgufTensor, path: string): FormatError {
  const supported = Object.values(TENSOR_TYPES).map((known) => known.name);
  return new FormatError('GGUF_UNSUPPORTED_TYPE', `its type ${tensorTypeName(type)} is not supported`, {
    where: `${path}, tensor ${name}`,
    expected: `one of ${supported.join(', ')}`,
    remedy: 'use a file of a supported type, or convert it: llama-quantize --allow-requantize IN.gguf OUT.gguf Q8_0',
  });
}

/** Whole blocks of at most so many bytes are read and expanded at a time. */
const PIECE_BYTES = 1 << 22;

async function readTensor(handle: OpenFile, tensor: GgufTensor | undefined, name: string, path: string): Promise<FloatTensor> {
  if (tensor === undefined) throw new FormatError('GGUF_MISSING_TENSOR', `it has no tensor ${name}`, { where: path });
  const type = TENSOR_TYPES[tensor.type];
  if (type === undefined) throw unsupportedType(tensor, path);
  const data = new Float32Array(sizeOf(tensor.shape));
  const pieceBytes = PIECE_BYTES - (PIECE_BYTES % type.blockBytes);
  for (let at = tensor.begin; at < tensor.end; at += pieceBytes) {
    const bytes = new Uint8Array(await readFully(handle, at, Math.min(pieceBytes, tensor.end - at), path));
    type.expand(bytes, data, ((at - tensor.begin) / type.blockBytes) * type.blockSize);
  }
  return { data, shape: tensor.shape, dtype: 'float32' };
}
