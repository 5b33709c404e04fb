import type { HubOptions } from '@expctr/hub';
import { createRegistry, parseConfig, resolveConfig, type Settings } from '@expctr/trainer';
import { WorkerError } from '../errors.js';
import type { Job, KindName } from '../job/job.js';
import { fromPlanPath, type PlacedPlan } from './plan.js';

/** Roles of the templates among a plan's inputs, which are the options that name their files. */
export const TEMPLATES = ['prompt.explanation', 'prompt.lc'] as const;

/** The option that names the model of a kind. */
export const MODEL_OPTION = { explain: 'llm.model', read: 'llm.model', encode: 'encoder.model' } as const satisfies Record<
  KindName,
  string
>;

/** Threads of a process: one, so that results do not depend on a machine's cores, and as many processes as there are cores. */
const THREADS = 1;

/**
 * A job's settings in a whole configuration, whose other options are defaults.
 * @param configFile what the job names as `config`
 * @param model the job's model, undefined = the configuration's
 * @throws WorkerError `WORKER_JOB`, and ConfigError that names the option
 */
export async function settingsOfJob(job: Job, configFile: string | undefined, model: string | undefined): Promise<Settings> {
  const { seed, threads = THREADS, ...sections } = job.settings;
  const flags = { threads, seed, ...leaves(sections), [MODEL_OPTION[job.kind]]: model };
  const settings = await resolveConfig({ file: configFile, flags });
  requireUsable(job.kind, settings);
  return settings;
}

/** Options by their paths. */
function leaves(tree: Readonly<Record<string, unknown>>, before = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(leaves(value as Record<string, unknown>, `${before}${key}.`))
        : [[`${before}${key}`, value]],
    ),
  );
}

function requireUsable(kind: KindName, { config }: Settings): void {
  const refuse = (where: string, what: string, remedy: string): never => {
    throw new WorkerError('WORKER_JOB', what, { where, remedy, wrongUse: true });
  };
  if (config.plugins.length > 0) {
    refuse('config', 'the configuration has plug-ins, which workers do not load', 'name model and settings in the job itself');
  }
  if (config.threads === 0) {
    refuse('settings.threads', '0 is another number of threads on every machine, and results may depend on it', 'give a number from 1 on');
  }
  if (kind === 'read' && config.reader.form === 'auto') {
    refuse(
      'settings.reader.form',
      'the form in which the reader is asked is left open',
      "name one of the template's forms, such as continuation; the log of a run says which its reader check chose",
    );
  }
  if (kind === 'encode' && config.encoder.byAttribute) {
    refuse('settings.encoder.byAttribute', 'a job encodes texts whole', 'set it to false');
  }
}

/** What of a configuration decides the result of a kind of work. */
export function decidingOptions(job: Job, { config }: Settings): Record<string, unknown> {
  const { model: _model, batchSize: _batchSize, lora: _lora, ...llm } = config.llm;
  const { explanation: _explanation, lc: _lc, maxUnknown: _maxUnknown, ...prompt } = config.prompt;
  const { seed, threads, reader } = config;
  const { form, calibrate, withHistory, stripVerdict } = reader;
  if (job.kind === 'encode') {
    const { model: _encoder, byAttribute: _byAttribute, ...encoder } = config.encoder;
    return { threads, encoder, column: job.column };
  }
  if (job.kind === 'read') return { threads, llm, prompt, reader: { form, calibrate, withHistory, stripVerdict } };
  return { seed, threads, llm, prompt, reader: { stripVerdict }, stage: job.stage, iteration: job.iteration };
}

/** The settings that a plan's options are part of. */
export function settingsOfPlan({ folder, plan }: PlacedPlan, hub: HubOptions): Settings {
  const { seed = 1, threads, llm = {}, prompt = {}, reader = {}, encoder = {} } = plan.options as Record<string, object>;
  const model = plan.model.isFile ? fromPlanPath(folder, plan.model.path) : plan.model.path;
  const template = (role: (typeof TEMPLATES)[number]): string | null => {
    const input = plan.inputs[role];
    return input === undefined ? null : fromPlanPath(folder, input.path);
  };
  const isEncoder = MODEL_OPTION[plan.kind] === 'encoder.model';
  const config = {
    seed,
    threads,
    llm: { ...llm, batchSize: plan.pace.batchSize, ...(isEncoder ? {} : { model }) },
    prompt: { ...prompt, explanation: template('prompt.explanation'), lc: template('prompt.lc') },
    reader,
    encoder: { ...encoder, ...(isEncoder ? { model } : {}) },
  };
  return { ...parseConfig(config, createRegistry([])), hub };
}
