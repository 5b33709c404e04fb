import { languageModels, type NamedLanguageModel } from '@expctr/testbed';
import type { Config } from '../config/schema.js';

/** The model that comes with the program, where the configuration names one; undefined for a path or hub id. */
export function namedModel({ llm }: Config): NamedLanguageModel | undefined {
  return Object.values(languageModels).find(({ name }) => name === llm.model);
}
