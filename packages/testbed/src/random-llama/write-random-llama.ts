import { join } from 'node:path';
import { createRng, writeFileAtomic, checkOptions, type OptionKeys } from '@expctr/core';
import { writeSafetensors } from '@expctr/llm-lora';
import { BOS_ID, EOS_ID, PAD_ID, tokenizerConfig } from '../tokenizer-json.js';
import { completeArchitecture, configJson, type RandomLlamaOptions } from './architecture.js';
import { learnMerges } from './byte-pair-encoding.js';
import { BASE_VOCABULARY, byteTokenizerJson } from './byte-tokenizer.js';
import { promptCorpus } from './corpus.js';
import { randomWeights } from './weights.js';

/** What was written. */
export interface RandomLlamaSummary {
  /** Entries of the vocabulary. */
  readonly vocabulary: number;
  /** Weights, norms included. */
  readonly parameters: number;
}

const WRITE_RANDOM_LLAMA_OPTIONS: OptionKeys<RandomLlamaOptions> = {
  seed: true,
  hidden: true,
  layers: true,
  heads: true,
  keyValueHeads: true,
  intermediate: true,
  vocabulary: true,
  maxPositions: true,
  tied: true,
};

/**
 * Writes a Llama that has learned nothing, in Hugging Face form: config.json, generation_config.json, model.safetensors
 * (float32), tokenizer.json and tokenizer_config.json. Its tokenizer is byte-level BPE with merges learned from the default
 * prompts over invented movies, so that prompts are short; every text can be written in it. It writes gibberish: it shows
 * that a pipeline runs, nothing else. The same options give the same bytes.
 *
 * @throws TestbedError `TESTBED_OPTION` for sizes that do not make a Llama.
 */
export async function writeRandomLlama(dir: string, options: RandomLlamaOptions): Promise<RandomLlamaSummary> {
  checkOptions('writeRandomLlama', options, WRITE_RANDOM_LLAMA_OPTIONS);
  const architecture = completeArchitecture(options);
  const rng = createRng(architecture.seed).fork('random-llama');
  const merges = learnMerges(promptCorpus(rng.fork('corpus')), architecture.vocabulary - BASE_VOCABULARY);
  const vocabulary = BASE_VOCABULARY + merges.length;
  const tensors = randomWeights(architecture, vocabulary, rng.fork('weights'));
  await writeSafetensors(join(dir, 'model.safetensors'), tensors, { metadata: { format: 'pt' } });
  await writeJson(join(dir, 'tokenizer.json'), byteTokenizerJson(merges));
  await writeJson(join(dir, 'tokenizer_config.json'), tokenizerConfig(architecture.maxPositions));
  await writeJson(join(dir, 'generation_config.json'), { bos_token_id: BOS_ID, eos_token_id: EOS_ID, pad_token_id: PAD_ID });
  await writeJson(join(dir, 'config.json'), configJson(architecture, vocabulary));
  return { vocabulary, parameters: [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0) };
}

async function writeJson(path: string, value: object): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 1)}\n`);
}
