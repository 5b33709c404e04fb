import { writeFileAtomic } from '@expctr/core';
import type { WeightTensor } from './weights.js';

/** Writes float32 tensors as one safetensors file: header length (uint64), JSON header padded to 8 bytes, then the data. */
export async function writeFloatTensors(path: string, tensors: ReadonlyMap<string, WeightTensor>): Promise<void> {
  const header: Record<string, object> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, { data, shape }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const start = 8 + 8 * Math.ceil(json.length / 8);
  const bytes = Buffer.alloc(start + offset, ' ', 'latin1');
  bytes.writeBigUInt64LE(BigInt(start - 8));
  json.copy(bytes, 8);
  let at = start;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  await writeFileAtomic(path, bytes);
}
