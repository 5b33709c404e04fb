import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { EncoderCacheError } from '../errors.js';
import { encodePart, partName, readPart, type CacheRows } from './cache-part.js';

/** Vectors by content key: in memory, and in the files of a folder. */
export interface EmbeddingStore {
  /** The row of a key, or undefined. */
  rowOf(key: string): number | undefined;
  /** [d], a view. */
  vector(row: number): Float32Array;
  isTruncated(row: number): boolean;
  /** Keeps the rows whose keys are new, in memory and on disk. */
  append(rows: CacheRows): Promise<void>;
}

/** A file and the rows of the store that it holds. */
interface Part {
  readonly name: string;
  readonly rows: readonly number[];
}

/**
 * Opens the store of one encoder in `folder`, which is made at the first write.
 *
 * Each `append` writes one part, atomically. Parts that are no larger than it are merged into it, as in a binary counter: n
 * rows lie in O(log n) files, however many calls brought them, and each was written O(log n) times. A crash between writing
 * a part and removing those it replaces leaves rows twice, which does no harm; so may several processes share a folder.
 *
 * @throws EncoderCacheError `ENCODER_CACHE_DAMAGED`, `ENCODER_CACHE_PATH`
 */
export async function openEmbeddingStore(folder: string, dimension: number, encoder: string): Promise<EmbeddingStore> {
  const rowOfKey = new Map<string, number>();
  const keys: string[] = [];
  const truncated: number[] = [];
  let vectors = new Float32Array(1024 * dimension); // [capacity, d], grows by doubling

  function remember(added: CacheRows): number[] {
    const rows: number[] = [];
    added.keys.forEach((key, at) => {
      if (rowOfKey.has(key)) return;
      const row = keys.push(key) - 1;
      rowOfKey.set(key, row);
      truncated.push(added.truncated[at]!);
      if ((row + 1) * dimension > vectors.length) {
        const larger = new Float32Array(2 * vectors.length);
        larger.set(vectors);
        vectors = larger;
      }
      vectors.set(added.vectors.subarray(at * dimension, (at + 1) * dimension), row * dimension);
      rows.push(row);
    });
    return rows;
  }

  function contentOf(rows: readonly number[]): CacheRows {
    const content = new Float32Array(rows.length * dimension); // [rows, d]
    rows.forEach((row, at) => content.set(vectors.subarray(row * dimension, (row + 1) * dimension), at * dimension));
    return { keys: rows.map((row) => keys[row]!), truncated: Uint8Array.from(rows, (row) => truncated[row]!), vectors: content };
  }

  /** Largest first. */
  const parts: Part[] = [];
  for await (const [name, content] of storedParts(folder, dimension)) parts.push({ name, rows: remember(content) });
  parts.sort((a, b) => b.rows.length - a.rows.length);

  return {
    rowOf: (key) => rowOfKey.get(key),
    vector: (row) => vectors.subarray(row * dimension, (row + 1) * dimension),
    isTruncated: (row) => truncated[row] === 1,
    async append(added) {
      let rows = remember(added);
      if (rows.length === 0) return;
      const replaced: Part[] = [];
      while (parts.length > 0 && parts.at(-1)!.rows.length <= rows.length) {
        replaced.push(parts.at(-1)!);
        rows = [...parts.pop()!.rows, ...rows];
      }
      const bytes = encodePart(contentOf(rows), dimension, encoder);
      const name = partName(bytes);
      await writeFileAtomic(join(folder, name), bytes);
      parts.push({ name, rows });
      await Promise.all(replaced.filter((part) => part.name !== name).map((part) => rm(join(folder, part.name), { force: true })));
    },
  };
}

/** Every part in the folder once. Another process may merge parts meanwhile: what vanished is found in a part listed later. */
async function* storedParts(folder: string, dimension: number): AsyncGenerator<[name: string, content: CacheRows]> {
  const seen = new Set<string>();
  for (;;) {
    const unseen = (await listParts(folder)).filter((name) => !seen.has(name));
    if (unseen.length === 0) return;
    for (const name of unseen) {
      const content = await readPart(join(folder, name), dimension).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      seen.add(name);
      if (content !== undefined) yield [name, content];
    }
  }
}

async function listParts(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.arrow')).sort();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw new EncoderCacheError('ENCODER_CACHE_PATH', 'the embedding cache cannot be read', {
      where: folder,
      expected: 'a folder, or a place where one can be made',
      remedy: 'delete what stands there, or set another path for the cache',
      cause,
    });
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
