import { join } from 'node:path';
import type { DataWarning, ExplanationTemplate, LcTemplate } from '@expctr/data';
import { testbedModel } from '../model/shipped-model.js';
import { writeRandomLlama } from '../random-llama/write-random-llama.js';
import { testbedStatements, type TestbedStatements } from '../text/statements.js';
import { testbedExplanationTemplate, testbedLcTemplate } from '../text/templates.js';
import { GENERATED } from './warnings.js';

/** The words in which a language model is spoken to. */
export interface Language {
  /** How it is asked for an explanation. */
  readonly explanation: ExplanationTemplate;
  /** How it is asked what follows from one. */
  readonly lc: LcTemplate;
  /** What the check whether it can read gives it to read. */
  readonly statements: TestbedStatements;
}

/** A language model that a configuration can name without a folder, file or hub id. */
export interface NamedLanguageModel {
  /** The word for it. */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /**
   * Finds or makes it.
   * @param seed what a made one follows from
   * @param folder an empty folder for what is made
   * @returns the folder of the model, in Hugging Face form
   */
  find(seed: number, folder: string): Promise<string>;
  /** Its language; null where it is spoken to as any other, with the default templates and statements. */
  readonly language: Language | null;
  /** What a reader of figures has to know of it. */
  readonly warnings: readonly DataWarning[];
}

/** The small language model that comes with this package. */
const shipped: NamedLanguageModel = {
  name: 'testbed',
  description: 'the small language model that grew up in simulated worlds; comes with the program',
  find: () => testbedModel(),
  language: { explanation: testbedExplanationTemplate, lc: testbedLcTemplate, statements: testbedStatements() },
  warnings: [], // that a world is simulated is for the data to say
};

/** A Llama that has learned nothing. */
const generated: NamedLanguageModel = {
  name: 'generated',
  description: 'a randomly initialized small Llama, which writes gibberish; made on the spot',
  async find(seed, folder) {
    const llama = join(folder, 'llama');
    await writeRandomLlama(llama, { seed });
    return llama;
  },
  language: null,
  warnings: [GENERATED],
};

/** The language models of this package by name. */
export const languageModels = { testbed: shipped, generated } as const satisfies Readonly<Record<string, NamedLanguageModel>>;
