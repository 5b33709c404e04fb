import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '@expctr/core';
import { readTable, writeTable } from '@expctr/data';

/** How an artifact is kept: the files it becomes, and the way back. Both know their place. */
export interface Codec<T> {
  /** The files that it writes, or folders that hold nothing else. */
  readonly files: readonly string[];
  /** Writes all of its files, each whole or not at all. */
  write(value: T): Promise<void>;
  /** What {@link Codec.write} was given. */
  read(): Promise<T>;
}

type Table = Awaited<ReturnType<typeof readTable>>;

/** Plain data as a JSON file. */
export function jsonCodec<T>(path: string): Codec<T> {
  return {
    files: [path],
    write: (value) => writeFileAtomic(path, `${JSON.stringify(value)}\n`),
    read: async () => JSON.parse(await readFile(path, 'utf8')) as T,
  };
}

/** A table of one of the schemas of `@expctr/data` as an Arrow file. */
export function tableCodec<T>(path: string, toTable: (value: T) => Table, fromTable: (table: Table) => T): Codec<T> {
  return { files: [path], write: (value) => writeTable(path, toTable(value)), read: async () => fromTable(await readTable(path)) };
}
