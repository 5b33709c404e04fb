/** A metadata entry as a GGUF file spells it. */
export type Entry =
  | { readonly key: string; readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly key: string; readonly type: 'string'; readonly value: string }
  | { readonly key: string; readonly type: 'raw'; readonly number: number; readonly value: Buffer };

/** A tensor entry; sizes fastest first, as in the file. */
export interface Info {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly type: number;
  readonly offset: number;
}

/** A number as 4 bytes. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A number as 8 bytes. */
export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** A text with its length. */
export const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function entryBytes(entry: Entry): Buffer[] {
  if (entry.type === 'raw') return [text(entry.key), u32(entry.number), entry.value];
  if (entry.type === 'string') return [text(entry.key), u32(8), text(entry.value)];
  return [text(entry.key), u32(entry.type === 'u32' ? 4 : 6), entry.type === 'u32' ? u32(entry.value) : f32(entry.value)];
}

/** A GGUF file with this header and `dataBytes` zeros behind it. */
export function ggufBytes(entries: readonly Entry[], infos: readonly Info[], dataBytes = 0, version = 3): Buffer {
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(infos.length),
    u64(entries.length),
    ...entries.flatMap(entryBytes),
    ...infos.flatMap(({ name, sizes, type, offset }) => [text(name), u32(sizes.length), ...sizes.map(u64), u32(type), u64(offset)]),
  ]);
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), Buffer.alloc(dataBytes)]);
}

/** Metadata of a small Llama with the changes wanted. */
export function llamaEntries(...changes: readonly Entry[]): Entry[] {
  const numbers = {
    block_count: 1,
    context_length: 64,
    embedding_length: 32,
    feed_forward_length: 32,
    'attention.head_count': 2,
    vocab_size: 4,
  };
  const entries: Entry[] = [
    { key: 'general.architecture', type: 'string', value: 'llama' },
    ...Object.entries(numbers).map(([key, value]) => ({ key: `llama.${key}`, type: 'u32' as const, value })),
    { key: 'llama.attention.layer_norm_rms_epsilon', type: 'f32', value: 1e-5 },
  ];
  return [...entries.filter(({ key }) => !changes.some((change) => change.key === key)), ...changes];
}
