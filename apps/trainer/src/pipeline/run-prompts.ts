import type { Interactions } from '@expctr/data';
import type { Config } from '../config/schema.js';
import type { Models } from './models.js';
import { createPromptBook, type PromptBook } from './prompt-book.js';
import type { Subject } from './speech.js';

/** The prompts of a dataset, as a configuration and its language model have them. */
export function promptsOf(
  config: Config,
  { policy, templates, form }: Pick<Models, 'policy' | 'templates' | 'form'>,
  { words, items }: Subject,
  interactions: Interactions,
): PromptBook {
  return createPromptBook({
    interactions,
    items,
    units: words.units,
    form,
    template: templates.explanation,
    tokenizer: policy.tokenizer,
    maxTokens: Math.min(config.llm.maxPromptTokens, policy.maxPositions - config.llm.maxNewTokens),
    maxTextLength: config.prompt.maxTextLength,
  });
}
