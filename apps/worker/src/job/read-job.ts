import { readFile } from 'node:fs/promises';
import { dirname, parse, resolve } from 'node:path';
import { nameAdvice, parseJson } from '@expctr/core';
import type { z } from 'zod';
import { WorkerError } from '../errors.js';
import type { Job } from './job.js';
import { JOB_FORMAT, jobSchema, settingsSchema } from './schema.js';

/** A job and where its files are. */
export interface PlacedJob {
  /** What the file says, defaults filled in. */
  readonly job: Job;
  /** Folder of the job file, from which its relative paths are taken. */
  readonly folder: string;
  /** Folder for plan and results. */
  readonly out: string;
}

/** Reads a job file. @throws WorkerError `WORKER_JOB` that names the field */
export async function readJob(file: string): Promise<PlacedJob> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw jobError('the job file cannot be read', { where: file, remedy: 'check the path', cause });
  });
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw jobError(`the job file is not JSON (${(cause as Error).message})`, {
      where: file,
      expected: `a JSON object such as {"format": "${JOB_FORMAT}", "kind": "encode", ...}`,
      remedy: 'correct it at that position',
      cause,
    });
  }
  const job = parseJob(value, file);
  const folder = dirname(resolve(file));
  const { name, ext } = parse(file);
  if (job.out === undefined && ext === '') {
    throw jobError('the job says no folder for its results, and its file has no ending to leave out for the name of one', {
      where: `${file}: out`,
      remedy: 'name a folder by out, or call the file NAME.json',
    });
  }
  return { job, folder, out: resolve(folder, job.out ?? name) };
}

/** A job from an object. @param where names it in errors @throws WorkerError `WORKER_JOB` */
export function parseJob(value: unknown, where: string): Job {
  const result = jobSchema.safeParse(value);
  if (result.success) {
    const [from, to] = result.data.rows ?? [0, 1];
    if (from >= to) throw jobError('there is no row in the range', { where: `${where}: rows`, expected: '[from, to) with from below to' });
    if (result.data.model === undefined && result.data.config === undefined) {
      throw jobError('the job names no model', { where: `${where}: model`, remedy: 'name a model, or by config a config.json that does' });
    }
    return result.data;
  }
  throw schemaError(result.error.issues[0]!, where);
}

function schemaError(issue: z.core.$ZodIssue, where: string): WorkerError {
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const names = Object.keys(fieldsAt(issue.path));
    return jobError(`there is no field '${key}'`, {
      where: `${where}${at === '' ? '' : `: ${at}`}`,
      ...(names.length === 0 ? {} : { expected: `one of ${names.join(', ')}` }),
      remedy: nameAdvice(key, names),
    });
  }
  return jobError(issue.message, {
    where: `${where}${at === '' ? '' : `: ${at}`}`,
    remedy: 'correct the field; expctr-worker --help shows a job of each kind',
  });
}

/** The fields that may stand at a path of a job of any kind. */
function fieldsAt(path: readonly PropertyKey[]): object {
  const shapes = jobSchema.options.map(({ shape }) => shape);
  const [section] = path;
  if (section === undefined) return Object.assign({}, ...shapes) as object;
  if (section === 'inputs') return Object.assign({}, ...shapes.map(({ inputs }) => inputs.shape)) as object;
  return section === 'settings' ? settingsSchema.shape : {};
}

function jobError(what: string, details: ConstructorParameters<typeof WorkerError>[2]): WorkerError {
  return new WorkerError('WORKER_JOB', what, { wrongUse: true, ...details });
}
