import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sha256 } from '@expctr/core';
import type { HubOptions } from '@expctr/hub';
import { languageModels } from '@expctr/testbed';
import { exactEncoder, exactPolicy, modelDigest, openEncoder, type Settings } from '@expctr/trainer';
import { WorkerError } from '../errors.js';
import type { PlacedJob } from '../job/read-job.js';
import type { Job, KindName } from '../job/job.js';
import { kinds } from '../kinds/table.js';
import { inputDigest } from './digests.js';
import { planOf, toPlanPath, type PlacedPlan, type Plan, type PlanFile } from './plan.js';
import { decidingOptions, settingsOfJob, TEMPLATES } from './settings.js';

/** Rows in a chunk: some minutes of work on one core, so that a worker's death costs little and a queue of millions of rows stays small. */
const CHUNK_ROWS: Readonly<Record<KindName, number>> = { explain: 512, read: 1024, encode: 8192 };

/**
 * The plan of a job: models are brought to this machine and named exactly, every input is read once for its checksum, and the rows are
 * counted. The same job over the same files gives the same plan.
 * @throws WorkerError `WORKER_JOB`, `WORKER_INPUT`; what the configuration, the hub and the readers of tables throw
 */
export async function makePlan({ job, folder, out }: PlacedJob, hub: HubOptions = {}): Promise<PlacedPlan> {
  const config = job.config === undefined ? undefined : resolve(folder, job.config);
  const model = job.model === undefined ? undefined : await nearPath(job.model, folder);
  const settings = { ...(await settingsOfJob(job, config, model)), hub };
  const inputs = await inputsOf(job, folder, out, settings);
  const total = await kinds[job.kind].count(inputPaths(job, folder));
  const [from, to] = job.rows ?? [0, total];
  if (to > total || from >= to) {
    throw new WorkerError('WORKER_ROWS', `the job wants rows ${from} to ${to}, and there are ${total}`, {
      where: 'rows',
      expected: `a range within [0, ${total}]`,
      remedy: 'correct rows, or leave it out for all of them',
      wrongUse: true,
    });
  }
  const chunkRows = job.chunkRows ?? CHUNK_ROWS[job.kind];
  const plan = planOf({
    kind: job.kind,
    inputs,
    model: await modelOf(job.kind, settings, out),
    options: decidingOptions(job, settings),
    pace: { batchSize: settings.config.llm.batchSize },
    rows: [from, to],
    chunkRows,
  });
  return { folder: out, plan };
}

/** Absolute paths of a job's inputs by their roles. */
function inputPaths(job: Job, folder: string): Record<string, string> {
  return Object.fromEntries(Object.entries(job.inputs).map(([role, path]) => [role, resolve(folder, path)]));
}

async function inputsOf(job: Job, folder: string, out: string, { config }: Settings): Promise<Plan['inputs']> {
  const paths: Record<string, string> = inputPaths(job, folder);
  if (job.kind === 'explain' && job.adapter !== null) paths['adapter'] = resolve(folder, job.adapter);
  for (const role of job.kind === 'encode' ? [] : TEMPLATES) {
    const name = role === 'prompt.lc' ? 'lc' : 'explanation';
    // paths in a job are taken from its folder, those of a configuration as a run takes them
    const own = job.settings.prompt?.[name];
    const path = typeof own === 'string' ? resolve(folder, own) : config.prompt[name];
    if (path !== null) paths[role] = resolve(path);
  }
  const inputs: Record<string, PlanFile> = {};
  for (const [role, path] of Object.entries(paths)) {
    const digest = role === 'adapter' ? await adapterDigest(path) : await inputDigest(path, role);
    inputs[role] = { path: toPlanPath(out, path), sha256: digest };
  }
  return inputs;
}

/** Checksum of an adapter's files. @throws WorkerError `WORKER_INPUT` where it is not there */
export async function adapterDigest(path: string): Promise<string> {
  if ((await stat(path).catch(() => null)) !== null) return modelDigest(path);
  throw new WorkerError('WORKER_INPUT', 'there is no such adapter', {
    where: path,
    expected: "a folder in PEFT's format",
    remedy: 'correct adapter in the job; where it lies on another machine, mount the shared folder here, too',
    wrongUse: true,
  });
}

async function modelOf(kind: KindName, settings: Settings, out: string): Promise<Plan['model']> {
  const isEncoder = kind === 'encode';
  const name = isEncoder ? await exactEncoder(settings) : await exactPolicy(settings);
  const isFile = (await stat(name).catch(() => null)) !== null;
  const digest = isEncoder ? await encoderDigest(settings) : await policyDigest(name, settings);
  return { path: isFile ? toPlanPath(out, name) : name, isFile, sha256: digest };
}

async function policyDigest(name: string, { config }: Settings): Promise<string> {
  const named = Object.values(languageModels).find((model) => model.name === name);
  if (named === undefined) return modelDigest(name);
  const temporary = await mkdtemp(join(tmpdir(), 'expctr-model-'));
  try {
    return await modelDigest(await named.find(config.seed, temporary));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function encoderDigest(settings: Settings): Promise<string> {
  const encoder = await openEncoder(settings);
  try {
    return sha256(encoder.identity ?? encoder.name);
  } finally {
    await encoder.dispose?.();
  }
}

/** A model's path from the job's folder where there is one, else its name as it is. */
async function nearPath(model: string, folder: string): Promise<string> {
  const near = resolve(folder, model);
  return (await stat(near).catch(() => null)) === null ? model : near;
}
