import { readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { parseJson, writeFileAtomic } from '@expctr/core';
import { codeVersion } from '@expctr/trainer';
import { z } from 'zod';
import { WorkerError } from '../errors.js';
import type { KindName } from '../job/job.js';

/** What stands in `format` of a plan. */
export const PLAN_FORMAT = 'expctr-plan/1';

/** A file or folder of a plan. */
export interface PlanFile {
  /** From the plan's folder, with `/`. */
  readonly path: string;
  /** Checksum of its content. */
  readonly sha256: string;
}

/** What a job's chunks are made of: everything that decides their bytes, with the checksums of what lies in files. */
export interface Plan {
  /** `expctr-plan/1`. */
  readonly format: typeof PLAN_FORMAT;
  /** Version of the code: another may round otherwise. */
  readonly version: string;
  /** The kind of work. */
  readonly kind: KindName;
  /** Files and folders by what they are to the work. */
  readonly inputs: Readonly<Record<string, PlanFile>>;
  /** The model; where it is no file, its path is a name that is the same everywhere. */
  readonly model: PlanFile & {
    /** Whether `path` is one. */
    readonly isFile: boolean;
  };
  /** What else decides the result, and nothing that does not. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What changes time and memory, never the result. */
  readonly pace: {
    /** Sequences that the language model decodes at a time. */
    readonly batchSize: number;
  };
  /** [from, to): the rows of all chunks. */
  readonly rows: readonly [number, number];
  /** Rows in a chunk; the last may have fewer. */
  readonly chunkRows: number;
}

const hash = z.string().regex(/^[0-9a-f]{64}$/u);
const file = z.strictObject({ path: z.string().min(1), sha256: hash });

const planSchema: z.ZodType<Plan> = z.strictObject({
  format: z.literal(PLAN_FORMAT),
  version: z.string(),
  kind: z.enum(['explain', 'read', 'encode']),
  inputs: z.record(z.string(), file),
  model: file.extend({ isFile: z.boolean() }),
  options: z.record(z.string(), z.unknown()),
  pace: z.strictObject({ batchSize: z.int().min(1) }),
  rows: z.tuple([z.int().min(0), z.int().min(0)]),
  chunkRows: z.int().min(1),
});

/** A plan and the folder in which it lies. */
export interface PlacedPlan {
  /** Where plan and results lie. */
  readonly folder: string;
  /** The plan. */
  readonly plan: Plan;
}

/** Where the plan of a folder lies. */
export const planFile = (folder: string): string => join(folder, 'plan.json');

/** The plan as JSON: the same plan gives the same text. */
export function planText(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** A plan without its format, which is the same in all. */
export function planOf(parts: Omit<Plan, 'format' | 'version'>): Plan {
  return { format: PLAN_FORMAT, version: codeVersion, ...parts };
}

/** Writes a plan into its folder. @returns whether another one stood there */
export async function writePlan({ folder, plan }: PlacedPlan): Promise<boolean> {
  const text = planText(plan);
  const before = await readFile(planFile(folder), 'utf8').catch(() => null);
  if (before !== text) await writeFileAtomic(planFile(folder), text);
  return before !== null && before !== text;
}

/**
 * Reads the plan of a folder.
 * @throws WorkerError `WORKER_NO_PLAN`, `WORKER_PLAN` where it is damaged, `WORKER_OTHER_VERSION`
 */
export async function readPlan(folder: string): Promise<PlacedPlan> {
  const where = planFile(folder);
  const text = await readFile(where, 'utf8').catch((cause: unknown) => {
    throw new WorkerError('WORKER_NO_PLAN', 'there is no plan', {
      where,
      remedy: 'make it with expctr-worker plan or submit; where it was made on another machine, mount the shared folder here, too',
      cause,
    });
  });
  const parsed = planSchema.safeParse(jsonOr(text));
  if (!parsed.success) {
    throw new WorkerError('WORKER_PLAN', 'this is not what expctr-worker wrote', {
      where,
      expected: `a plan of the format ${PLAN_FORMAT}`,
      remedy: 'make it anew with expctr-worker plan: results that are there are found again',
    });
  }
  if (parsed.data.version !== codeVersion) {
    throw new WorkerError('WORKER_OTHER_VERSION', `the plan was made by version ${parsed.data.version}, and this is ${codeVersion}`, {
      where,
      expected: 'one version on every machine: another may round otherwise',
      remedy: `install @expctr/worker@${parsed.data.version} here, or plan anew with this version`,
      wrongUse: true,
    });
  }
  return { folder, plan: parsed.data };
}

function jsonOr(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** A path as it stands in a plan: from the plan's folder, with `/`, so that the shared folder may be mounted anywhere. */
export function toPlanPath(folder: string, path: string): string {
  return relative(folder, resolve(path)).split(sep).join('/');
}

/** Where a path of a plan is on this machine. */
export function fromPlanPath(folder: string, path: string): string {
  return resolve(folder, path);
}
