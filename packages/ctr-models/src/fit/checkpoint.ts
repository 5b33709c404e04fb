import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson, sha256, writeFileAtomic } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import { z } from 'zod';
import { CtrError } from '../errors.js';
import { readSafetensors, writeSafetensors } from '../model/safetensors.js';
import type { EpochReport } from './epoch-report.js';
import type { Schedule } from './schedule.js';

/** What an epoch leaves behind besides its numbers. */
export interface Progress {
  /** Epochs done. */
  readonly epoch: number;
  /** Steps done. */
  readonly steps: number;
  /** The epochs. */
  readonly reports: readonly EpochReport[];
  /** What they decided. */
  readonly schedule: Schedule;
}

/** The numbers of a fit by name, in place. */
export interface FitTensors {
  /** Those of the model and of its optimizers, as they are. */
  readonly now: ReadonlyMap<string, HostTensor>;
  /** Those of the model after its best epoch; undefined where there is none to go back to. */
  readonly best: ReadonlyMap<string, HostTensor> | undefined;
}

/** A folder that a fit can go on from. */
export interface Checkpoint {
  /** Where the fit was left; undefined where it never began. */
  read(): Promise<{ readonly progress: Progress; readonly tensors: FitTensors } | undefined>;
  /** Replaces what is there, so that a reader, or a crash, finds this epoch or the one before, never a mixture. */
  write(progress: Progress, tensors: FitTensors): Promise<void>;
}

const INDEX = 'fit.json';
const FORMAT = 'ctr-fit/1';

const count = z.int().min(0);
const named = z.object({ file: z.string().regex(/^(now|best)-\d+\.safetensors$/u), sha256: z.string() });
const index = z.object({
  format: z.literal(FORMAT),
  identity: z.string(),
  epoch: count,
  steps: count,
  reports: z.array(
    z.object({
      epoch: count,
      metrics: z.object({ 'train/logloss': z.number(), 'valid/logloss': z.number().optional(), 'valid/auc': z.number().optional() }),
    }),
  ),
  schedule: z.object({ bestEpoch: count, bestLoss: z.number().nullable(), scale: z.number(), waited: count, stopped: z.boolean() }),
  now: named,
  best: named.nullable(),
});
type Index = z.output<typeof index>;

/** The checkpoint in a folder. @param identity of the fit that it is for */
export function openCheckpoint(folder: string, identity: string): Checkpoint {
  async function tensorsOf({ file, sha256: expected }: z.output<typeof named>): Promise<Map<string, HostTensor>> {
    const path = join(folder, file);
    const read = await readSafetensors(path).catch((cause: unknown) => {
      throw broken(path, 'it cannot be read', cause);
    });
    if (read.sha256 !== expected) throw broken(path, `it does not belong to the ${INDEX} beside it`);
    return read.tensors;
  }

  async function save(file: string, tensors: ReadonlyMap<string, HostTensor>): Promise<z.output<typeof named>> {
    return { file, sha256: (await writeSafetensors(join(folder, file), tensors)).sha256 };
  }

  return {
    async read() {
      const found = await readIndex(folder);
      if (found === undefined) return undefined;
      if (found.identity !== identity) {
        throw new CtrError('CTR_CHECKPOINT', 'it is the checkpoint of another fit', {
          where: folder,
          expected: 'the same backbone, options, rows, weights and generator; only the number of epochs may differ',
          remedy: 'name another folder, or remove this one to begin anew',
        });
      }
      const { epoch, steps, reports, schedule, now, best } = found;
      return {
        progress: { epoch, steps, reports: reports as readonly EpochReport[], schedule },
        tensors: { now: await tensorsOf(now), best: best === null ? undefined : await tensorsOf(best) },
      };
    },

    async write({ epoch, steps, reports, schedule }, tensors) {
      await mkdir(folder, { recursive: true });
      const before = await readIndex(folder);
      const now = await save(`now-${epoch}.safetensors`, tensors.now);
      const bestName = `best-${schedule.bestEpoch}.safetensors`;
      const kept = before?.best?.file === bestName ? before.best : null;
      const best = tensors.best === undefined ? null : (kept ?? (await save(bestName, tensors.best)));
      const written: Index = { format: FORMAT, identity, epoch, steps, reports: reports as Index['reports'], schedule, now, best };
      const sealed = { ...written, sha256: sha256(JSON.stringify(written)) };
      await writeFileAtomic(join(folder, INDEX), `${JSON.stringify(sealed)}\n`); // last: it says which files count
      const current = [INDEX, now.file, best?.file];
      for (const name of await readdir(folder)) {
        if (/^(now|best)-\d+\.safetensors/u.test(name) && !current.includes(name)) await rm(join(folder, name), { force: true });
      }
    },
  };
}

/** What a checkpoint says of its epochs, without its numbers; undefined where there is none. @throws CtrError `CTR_CHECKPOINT` */
export async function readProgress(folder: string, identity: string): Promise<Progress | undefined> {
  const found = await readIndex(folder);
  return found?.identity === identity ? { ...found, reports: found.reports as readonly EpochReport[] } : undefined;
}

async function readIndex(folder: string): Promise<Index | undefined> {
  const path = join(folder, INDEX);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw broken(path, 'it cannot be read', cause);
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw broken(path, 'it cannot be read as JSON', cause);
  }
  // Numbers that a fit goes on from must be those that were written, not merely numbers.
  const { sha256: seal, ...content } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (seal !== sha256(JSON.stringify(content))) throw broken(path, 'it was changed after it was written');
  const read = index.safeParse(content);
  if (read.success) return read.data;
  const { path: at, message } = read.error.issues[0]!;
  throw broken(path, at.length === 0 ? message : `${at.join('.')}: ${message}`);
}

function broken(where: string, what: string, cause?: unknown): CtrError {
  return new CtrError('CTR_CHECKPOINT', what, {
    where,
    expected: 'a checkpoint of a fit, as fitCtr wrote it',
    remedy: 'remove the folder to begin anew',
    cause,
  });
}
