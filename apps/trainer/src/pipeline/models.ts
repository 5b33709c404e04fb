import {
  defaultExplanationTemplate,
  defaultLcTemplate,
  loadTemplate,
  type DataWarning,
  type ExplanationForm,
  type ExplanationTemplate,
  type LcTemplate,
} from '@expctr/data';
import { cachedEncoder, findEncoder, type Encoder } from '@expctr/encoder';
import type { Sampler } from '@expctr/language-model';
import type { LanguageModel } from '@expctr/language-model/training';
import { loadCausalLM } from '@expctr/llm-lora';
import { readerStatements, type ReaderStatements } from '@expctr/rewards';
import type { RunFolder } from '@expctr/run';
import { languageModels, type Language } from '@expctr/testbed';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { optionsOf } from '../config/config-schema.js';
import { ConfigError } from '../config/errors.js';
import type { Settings } from '../config/resolve.js';
import type { Config } from '../config/schema.js';
import type { Registry } from '../plugins/registry.js';
import { stopTokenIds } from './stop-tokens.js';

/** The models of a run, and the words in which the language model is spoken to. */
export interface Models {
  /** The language model with its adapters: it writes, reads, and is trained. */
  readonly policy: LanguageModel;
  /** What samples explanations: the policy, or something else that is told of its adapter. */
  readonly sampler: Sampler;
  readonly templates: { readonly explanation: ExplanationTemplate; readonly lc: LcTemplate };
  /** Form in which explanations are asked for. */
  readonly form: ExplanationForm;
  /** What the reader check reads. */
  readonly statements: ReaderStatements;
  /** Tokens that end an explanation. */
  readonly stopTokenIds: readonly number[];
  /** The sentence encoder, for texts that come once: rollouts. */
  readonly encoder: Encoder;
  /** The same through the run's cache, for texts that come again: the rows' own. */
  readonly vectors: Encoder;
  /** What a reader of the figures has to know of these models. */
  readonly notices: readonly DataWarning[];
  /** Frees all of them. */
  dispose(): Promise<void>;
}

const plainLanguage: Language = { explanation: defaultExplanationTemplate, lc: defaultLcTemplate, statements: readerStatements() };

/**
 * Loads all that can be missing or damaged, before a run folder is made.
 * @param temporaryFolder for a model that is made anew
 */
export async function loadModels(
  { config, registry }: Settings,
  folder: RunFolder,
  temporaryFolder: () => Promise<string>,
): Promise<Models> {
  const named = Object.values(languageModels).find(({ name }) => name === config.llm.model);
  const language = named?.language ?? plainLanguage;
  const explanation =
    config.prompt.explanation === null ? language.explanation : await loadTemplate(config.prompt.explanation, 'explanation');
  const lc = config.prompt.lc === null ? language.lc : await loadTemplate(config.prompt.lc, 'lc');
  await useOnnx();
  const path = named === undefined ? config.llm.model : await named.find(config.seed, await temporaryFolder());
  const { rank, alpha, targetModules } = config.llm.lora;
  const policy = await loadCausalLM(path, {
    families: registry.families,
    lora: { rank, alpha, ...(targetModules === null ? {} : { targetModules }) },
    limits: { sequences: config.llm.batchSize },
    ...(config.threads > 0 ? { threads: config.threads } : {}),
  });
  const sampler = await openSampler(config, registry, policy);
  const encoder = await openEncoder(config, registry);
  return {
    policy,
    sampler,
    templates: { explanation, lc: { ...lc, withHistory: lc.withHistory || config.reader.withHistory } },
    form: explanationForm(config, policy, explanation),
    statements: language.statements,
    stopTokenIds: stopTokenIds(policy.tokenizer, explanation.stop),
    encoder,
    vectors: cachedEncoder(encoder, { path: folder.checkpoint('vectors') }),
    notices: named?.warnings ?? [],
    async dispose() {
      if (sampler !== policy) await sampler.dispose?.();
      await policy.dispose();
      await encoder.dispose?.();
    },
  };
}

function openSampler(config: Config, { samplers }: Registry, policy: LanguageModel): Promise<Sampler> {
  const part = samplers.find(({ name }) => name === config.sampler.kind)!;
  return part.open({ policy, model: config.llm.model, sequences: config.llm.batchSize }, optionsOf(part.options, config.sampler));
}

function openEncoder(config: Config, { encoders }: Registry): Promise<Encoder> {
  const { part, argument } = findEncoder(config.encoder.model, encoders);
  return part.load(argument, optionsOf(part.options, config.encoder));
}

function explanationForm({ prompt }: Config, { tokenizer }: LanguageModel, { forms }: ExplanationTemplate): ExplanationForm {
  if (prompt.form === 'chat' && !tokenizer.hasChatTemplate) {
    throw new ConfigError('CONFIG_NO_CHAT', `the tokenizer ${tokenizer.name} has no chat template`, {
      where: 'prompt.form',
      remedy: 'use prompt.form=completion, or a tokenizer_config.json with a chat_template',
    });
  }
  if (prompt.form !== 'auto') return prompt.form;
  return tokenizer.hasChatTemplate && forms.chat !== undefined ? 'chat' : 'completion';
}
