import { loadTemplate, type ExplanationForm, type ExplanationTemplate, type LcTemplate } from '@expctr/data';
import { loadEncoder, type Encoder } from '@expctr/encoder';
import { loadCausalLM, type LlamaPolicy, type Tokenizer } from '@expctr/llm-lora';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { ConfigError } from '../config/resolve.js';
import type { Config } from '../config/schema.js';
import type { Inputs } from './inputs.js';
import { stopTokenIds } from './stop-tokens.js';

/** The models and templates of a run. */
export interface Models {
  readonly templates: { readonly explanation: ExplanationTemplate; readonly lc: LcTemplate };
  /** Form in which explanations are asked for. */
  readonly form: ExplanationForm;
  readonly tokenizer: Tokenizer;
  readonly policy: LlamaPolicy;
  readonly stopTokenIds: readonly number[];
  readonly encoder: Encoder;
}

/** Loads all that can be missing or damaged, before a run folder is made. */
export async function loadModels(config: Config, inputs: Pick<Inputs, 'llm' | 'language'>): Promise<Models> {
  const { language } = inputs;
  const explanation =
    config.prompt.explanation === null ? language.explanation : await loadTemplate(config.prompt.explanation, 'explanation');
  const lc = config.prompt.lc === null ? language.lc : await loadTemplate(config.prompt.lc, 'lc');
  await useOnnx();
  const { rank, alpha, targetModules } = config.llm.lora;
  const policy = await loadCausalLM(inputs.llm, {
    lora: { rank, alpha, targetModules },
    ...(config.threads > 0 ? { threads: config.threads } : {}),
  });
  const { tokenizer } = policy;
  const { pooling, maxTokens, dtype } = config.encoder;
  const encoder = await loadEncoder(config.encoder.model, { maxTokens, dtype, ...(pooling === null ? {} : { pooling }) });
  return {
    templates: { explanation, lc: { ...lc, withHistory: lc.withHistory || config.reader.withHistory } },
    form: explanationForm(config, tokenizer, explanation),
    tokenizer,
    policy,
    stopTokenIds: stopTokenIds(tokenizer, explanation.stop),
    encoder,
  };
}

function explanationForm({ prompt }: Config, tokenizer: Tokenizer, { forms }: ExplanationTemplate): ExplanationForm {
  if (prompt.form === 'chat' && !tokenizer.hasChatTemplate) {
    throw new ConfigError('CONFIG_NO_CHAT', `the tokenizer ${tokenizer.name} has no chat template`, {
      where: 'prompt.form',
      remedy: 'use prompt.form=completion, or a tokenizer_config.json with a chat_template',
    });
  }
  if (prompt.form !== 'auto') return prompt.form;
  return tokenizer.hasChatTemplate && forms.chat !== undefined ? 'chat' : 'completion';
}
