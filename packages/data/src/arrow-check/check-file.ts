import { open, type FileHandle } from 'node:fs/promises';
import { checkBatchLayout } from './batch-layout.js';
import { ArrowDamage } from './damage.js';
import { rootTable, type FlatTable } from './flatbuffer.js';
import { checkMetadata, columnTypes, type ColumnType } from './types.js';

/** Bytes that can be read at any place. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Those of `[at, at + length)`, which lie within the size. */
  read(at: number, length: number): Uint8Array | Promise<Uint8Array>;
}

const MAGIC = 'ARROW1';
const BEFORE_MESSAGES = 8;
const CONTINUATION = 0xffffffff;
/** Kinds of messages (Message.fbs). */
const [SCHEMA, DICTIONARY, BATCH] = [1, 2, 3];

/**
 * Checks an Arrow IPC file or stream before apache-arrow reads it, which believes every offset and length: places and lengths of
 * messages, schema, columns and buffers must lie within the file and be as long as the rows need. Only metadata are read.
 * @throws ArrowDamage
 */
export async function checkArrow(source: ByteSource): Promise<void> {
  const magic = source.size >= MAGIC.length ? Buffer.from(await source.read(0, MAGIC.length)).toString('latin1') : '';
  await (magic === MAGIC ? checkFile(source) : checkStream(source));
}

/** {@link checkArrow} of a file. @throws ArrowDamage, and what opening it throws */
export async function checkArrowFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await checkArrow(await handleSource(handle));
  } finally {
    await handle.close();
  }
}

/** An open file as a source of bytes. */
export async function handleSource(handle: FileHandle): Promise<ByteSource> {
  const { size } = await handle.stat();
  return {
    size,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await handle.read(bytes, 0, length, at);
      if (bytesRead === length) return bytes;
      throw new ArrowDamage(`it ends at byte ${at + bytesRead} while it is read`, `its ${size} bytes`);
    },
  };
}

interface Message {
  readonly kind: number;
  readonly version: number;
  readonly header: FlatTable;
  readonly bodyBytes: number;
  /** First byte behind the message and its body. */
  readonly end: number;
}

async function checkFile(source: ByteSource): Promise<void> {
  const tail = 4 + MAGIC.length;
  if (source.size < BEFORE_MESSAGES + tail) throw new ArrowDamage(`the file has ${source.size} bytes`, 'a whole Arrow file');
  const footerEnd = source.size - tail;
  const footerBytes = new DataView(copyOf(await source.read(footerEnd, 4))).getInt32(0, true);
  if (footerBytes <= 0 || footerBytes > footerEnd - BEFORE_MESSAGES) {
    throw new ArrowDamage(`the footer has ${footerBytes} bytes`, `1 to ${footerEnd - BEFORE_MESSAGES}, for the file has ${source.size}`);
  }
  const footer = rootTable(await source.read(footerEnd - footerBytes, footerBytes), 'the footer');
  const schema = footer.table(1);
  if (schema === undefined) throw new ArrowDamage('the footer has no schema', 'one');
  checkMetadata(footer, 4);
  const columns = columnTypes(schema);
  const limit = footerEnd - footerBytes;
  const spans: [begin: number, end: number][] = [];
  for (const [field, kind] of [
    [2, DICTIONARY],
    [3, BATCH],
  ] as const) {
    const blocks = footer.structs(field, 3);
    for (let index = 0; index < blocks.length; index += 1) {
      const begin = blocks.size(index, 0);
      const message = await messageAt(source, begin, limit);
      if (message?.kind !== kind) throw new ArrowDamage(`no message of the right kind is at byte ${begin}`, 'one, as the footer says');
      checkBody(message, columns);
      spans.push([begin, message.end]);
    }
  }
  // One batch that is named a million times would be read a million times.
  spans.sort(([a], [b]) => a - b);
  const twice = spans.find(([begin], at) => begin < (spans[at - 1]?.[1] ?? BEFORE_MESSAGES));
  if (twice !== undefined)
    throw new ArrowDamage(`the message at byte ${twice[0]} overlaps another part`, 'every part in a place of its own');
}

async function checkStream(source: ByteSource): Promise<void> {
  const first = await messageAt(source, 0, source.size);
  if (first?.kind !== SCHEMA) throw new ArrowDamage('it does not begin with a schema', 'an Arrow IPC file or stream');
  const columns = columnTypes(first.header);
  for (let at = first.end; at < source.size;) {
    const message = await messageAt(source, at, source.size);
    if (message === undefined) return; // the end of the stream
    checkBody(message, columns);
    at = message.end;
  }
}

function checkBody({ kind, version, header, bodyBytes }: Message, columns: readonly ColumnType[]): void {
  if (kind === BATCH) return checkBatchLayout(header, columns, bodyBytes, version);
  if (kind !== DICTIONARY) throw new ArrowDamage(`it has a message of kind ${kind}`, 'record batches and dictionaries');
  const id = header.size(0);
  const column = withDictionary(columns, id);
  const values = header.table(1);
  if (column === undefined || values === undefined) throw new ArrowDamage(`the dictionary ${id} belongs to no column`, 'one of the schema');
  checkBatchLayout(values, [{ ...column, dictionary: undefined }], bodyBytes, version);
}

function withDictionary(columns: readonly ColumnType[], id: number): ColumnType | undefined {
  for (const column of columns) {
    const found = column.dictionary?.id === id ? column : withDictionary(column.children, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @returns undefined at the mark of a stream's end */
async function messageAt(source: ByteSource, at: number, limit: number): Promise<Message | undefined> {
  const word = async (place: number): Promise<number> => {
    if (place + 4 > limit) throw new ArrowDamage(`a message begins at byte ${place}, behind the last`, `a place before byte ${limit}`);
    return new DataView(copyOf(await source.read(place, 4))).getUint32(0, true);
  };
  const first = await word(at);
  // Files of before version 0.15 have the length alone.
  const start = first === CONTINUATION ? at + 8 : at + 4;
  const length = first === CONTINUATION ? await word(at + 4) : first;
  if (length === 0) return undefined;
  if (start + length > limit) throw new ArrowDamage(`the message at byte ${at} has ${length} bytes`, `an end before byte ${limit}`);
  const message = rootTable(await source.read(start, length), `the message at byte ${at}`);
  const header = message.table(2);
  const bodyBytes = message.size(3);
  const end = start + length + bodyBytes;
  if (header === undefined) throw new ArrowDamage(`the message at byte ${at} is empty`, 'a schema, a batch or a dictionary');
  if (end > limit) throw new ArrowDamage(`the body of the message at byte ${at} has ${bodyBytes} bytes`, `an end before byte ${limit}`);
  checkMetadata(message, 4);
  return { kind: message.integer(1, 1, 0), version: message.integer(0, 2, 0), header, bodyBytes, end };
}

function copyOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
