import type { DataWarning } from '@expctr/data';
import { cachedEncoder, findEncoder, reducedEncoder, reductionOptions, type Encoder } from '@expctr/encoder';
import type { Sampler } from '@expctr/language-model';
import type { LanguageModel } from '@expctr/language-model/training';
import { CausalLM, loadCausalLM, targetsOf } from '@expctr/llm-lora';
import type { RunFolder } from '@expctr/run';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { optionsOf } from '../config/config-schema.js';
import type { Settings } from '../config/resolve.js';
import type { Config } from '../config/schema.js';
import type { Registry } from '../plugins/registry.js';
import { namedModel } from './named-model.js';
import { modelAndRevision } from './pin-models.js';
import { loadTemplates, speechFor, type Speech, type Subject } from './speech.js';

/** The models of a run, and the words in which the language model is spoken to. */
export interface Models extends Speech {
  /** The language model with its adapters: it writes, reads, and is trained. */
  readonly policy: LanguageModel;
  /** Its folder or file, or its id with the commit. */
  readonly policyPath: string;
  /** What samples explanations: the policy, or something else that is told of its adapter. */
  readonly sampler: Sampler;
  /** The sentence encoder, for texts that come once: rollouts. */
  readonly encoder: Encoder;
  /** The same through the run's cache, for texts that come again: the rows' own. */
  readonly vectors: Encoder;
  /** What a reader of the figures has to know of these models. */
  readonly notices: readonly DataWarning[];
  /** Frees all of them. */
  dispose(): Promise<void>;
}

/**
 * Loads all that can be missing or damaged, before a run folder is made.
 * @param temporaryFolder for a model that is made anew
 * @param subject the dataset, whose words the prompts are in
 */
export async function loadModels(
  settings: Settings,
  folder: RunFolder,
  temporaryFolder: () => Promise<string>,
  subject: Subject,
): Promise<Models> {
  const { config, registry } = settings;
  const { policy, ...spoken } = await loadPolicy(settings, temporaryFolder, subject);
  const sampler = await openSampler(config, registry, policy);
  const encoder = await openEncoder(settings);
  return {
    ...spoken,
    policy,
    sampler,
    encoder,
    vectors: cachedEncoder(encoder, { path: folder.checkpoint('vectors') }),
    notices: namedModel(config)?.warnings ?? [],
    async dispose() {
      if (sampler !== policy) await sampler.dispose?.();
      await policy.dispose();
      await encoder.dispose?.();
    },
  };
}

/** The language model, and how it is spoken to about a dataset. */
export async function loadPolicy(
  { config, registry, hub = {} }: Settings,
  temporaryFolder: () => Promise<string>,
  subject: Subject,
): Promise<Pick<Models, 'policy' | 'policyPath' | keyof Speech>> {
  const named = namedModel(config);
  const language = named?.language ?? null;
  const templates = await loadTemplates(config, language);
  await useOnnx({ device: config.device });
  const path = named === undefined ? config.llm.model : await named.find(config.seed, await temporaryFolder());
  const { targetModules, ...lora } = config.llm.lora;
  const policy = await loadCausalLM(path, {
    families: registry.families,
    hub,
    lora: { ...lora, ...(targetModules === null ? {} : { targetModules: targetsOf(targetModules) }) },
    limits: { sequences: config.llm.batchSize },
    weights: config.llm.weights,
    samplingWeights: config.llm.samplingWeights ?? config.llm.weights,
    ...(config.threads > 0 ? { threads: config.threads } : {}),
  });
  try {
    return { policy, policyPath: path, ...speechFor(config, policy.tokenizer, templates, language, subject) };
  } catch (error) {
    await policy.dispose();
    throw error;
  }
}

async function openSampler(config: Config, { samplers }: Registry, policy: LanguageModel): Promise<Sampler> {
  const part = samplers.find(({ name }) => name === config.sampler.kind)!;
  const known = policy instanceof CausalLM ? { vocabularySize: policy.config.vocabularySize } : {};
  const request = { policy, ...(await modelAndRevision(config.llm.model)), ...known, sequences: config.llm.batchSize };
  return part.open(request, optionsOf(part.options, config.sampler));
}

/** The sentence encoder that a configuration names. */
export async function openEncoder({ config, registry: { encoders }, hub = {} }: Settings): Promise<Encoder> {
  const { part, argument } = findEncoder(config.encoder.model, encoders);
  const threads = config.threads > 0 ? { threads: config.threads } : {};
  const encoder = await part.load(argument, optionsOf(part.options, config.encoder), { hub, ...threads });
  return reducedEncoder(encoder, optionsOf(reductionOptions, config.encoder));
}
