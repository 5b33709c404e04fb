import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, parseJson, withFileErrors, writeFileAtomic } from '@expctr/core';
import { sealOf } from '@expctr/run';
import { z } from 'zod';
import type { Chunk } from '../plan/chunks.js';

/** What the file beside a result says of it. */
const sealSchema = z.strictObject({
  key: z.string(),
  from: z.int(),
  to: z.int(),
  bytes: z.int(),
  sha256: z.string(),
});

/** How it stands with a chunk's result. */
export type ResultState = 'absent' | 'whole' | 'damaged';

/**
 * The results of a plan's chunks: one folder a chunk, named by its key, with the Arrow file and its checksum. Every attempt writes into
 * a folder of its own, which is renamed to the chunk's when it is complete. A folder that holds something cannot be renamed over, so of
 * all attempts the first counts, however many machines make them, and one that was killed leaves nothing that counts. No locks and no
 * hard links are needed of the file system, just this: that a rename happens wholly or not at all.
 */
export interface ChunkStore {
  /** The Arrow file of a result. */
  file(chunk: Pick<Chunk, 'key'>): string;
  /** Whether a result is there, read whole and held against its checksum. */
  state(chunk: Chunk): Promise<ResultState>;
  /** Whether a result is there, unread. */
  has(chunk: Pick<Chunk, 'key'>): Promise<boolean>;
  /**
   * Writes a result under a token of its own and makes it count, unless another attempt's counts already.
   * @param write writes the Arrow file @returns whether this attempt's counts
   */
  attempt(chunk: Chunk, write: (file: string) => Promise<void>): Promise<boolean>;
  /** Takes a damaged result out of the way; it is kept under another name. @returns where it is */
  setAside(chunk: Pick<Chunk, 'key'>): Promise<string>;
  /** Removes what attempts left that were killed. One that is still under way then ends without a result, so all chunks must be there. */
  tidy(): Promise<void>;
}

/** Results in `chunks/` of a plan's folder, attempts in `attempts/`. */
export function chunkStore(folder: string): ChunkStore {
  const place = (key: string): string => join(folder, 'chunks', key);
  const sealFile = (at: string): string => join(at, 'seal.json');
  const file = ({ key }: Pick<Chunk, 'key'>): string => join(place(key), `${key}.arrow`);
  const has = async ({ key }: Pick<Chunk, 'key'>): Promise<boolean> => (await stat(place(key)).catch(() => null)) !== null;

  return {
    file,
    has,
    async state(chunk) {
      if (!(await has(chunk))) return 'absent';
      const seal = await readSeal(sealFile(place(chunk.key)));
      if (seal?.key !== chunk.key || seal.from !== chunk.from || seal.to !== chunk.to) return 'damaged';
      const found = await sealOf(file(chunk)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw fileError(error, file(chunk));
      });
      return found?.bytes === seal.bytes && found.sha256 === seal.sha256 ? 'whole' : 'damaged';
    },
    async attempt(chunk, write) {
      const own = join(folder, 'attempts', randomUUID());
      return withFileErrors(own, async () => {
        try {
          await mkdir(own, { recursive: true });
          const written = join(own, `${chunk.key}.arrow`);
          await write(written);
          await writeFileAtomic(sealFile(own), `${JSON.stringify({ ...chunk, ...(await sealOf(written)) })}\n`);
          await mkdir(join(folder, 'chunks'), { recursive: true });
          await rename(own, place(chunk.key));
          return true;
        } catch (error) {
          // the folder was not empty, or another attempt's result made this one's folder be tidied away
          if (await has(chunk)) return false;
          throw error;
        } finally {
          await rm(own, { recursive: true, force: true });
        }
      });
    },
    async setAside({ key }) {
      const aside = join(folder, 'damaged', `${key}-${randomUUID()}`);
      await withFileErrors(aside, async () => {
        await mkdir(join(folder, 'damaged'), { recursive: true });
        await rename(place(key), aside).catch(ignoring('ENOENT')); // another process did it
      });
      return aside;
    },
    tidy: () => withFileErrors(folder, () => rm(join(folder, 'attempts'), { recursive: true, force: true })),
  };
}

async function readSeal(path: string): Promise<z.output<typeof sealSchema> | null> {
  try {
    return sealSchema.safeParse(parseJson(await readFile(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

function ignoring(code: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== code) throw error;
  };
}
