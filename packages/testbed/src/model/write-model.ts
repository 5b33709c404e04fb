import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, writeFileAtomic } from '@expctr/core';
import { writeSafetensors, type FloatTensor } from '@expctr/llm-lora';
import { configJson, type Architecture } from '../random-llama/architecture.js';
import { BOS_ID, EOS_ID, PAD_ID, tokenizerConfig } from '../tokenizer-json.js';
import { VOCABULARY, wordTokenizerJson } from '../text/tokenizer.js';
import { MANIFEST } from './shipped-model.js';

/** A trained model. */
export interface TrainedModel {
  /** Sizes of the Llama. */
  readonly architecture: Architecture;
  /** By their Hugging Face names. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  /** The model card, Markdown. */
  readonly card: string;
}

/** Writes a model in Hugging Face form, its weights in float16, with its card and the manifest by which damage is found. */
export async function writeTestbedModel(folder: string, { architecture, tensors, card }: TrainedModel): Promise<void> {
  const json = {
    'config.json': configJson(architecture, VOCABULARY.length),
    'generation_config.json': { bos_token_id: BOS_ID, eos_token_id: EOS_ID, pad_token_id: PAD_ID },
    'tokenizer.json': wordTokenizerJson(),
    'tokenizer_config.json': tokenizerConfig(architecture.maxPositions),
  };
  for (const [name, value] of Object.entries(json)) await writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 1)}\n`);
  await writeFileAtomic(join(folder, 'card.md'), card);
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { metadata: { format: 'pt' }, floats: 'F16' });
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const name of [...Object.keys(json), 'card.md', 'model.safetensors']) {
    const content = await readFile(join(folder, name));
    files[name] = { bytes: content.length, sha256: sha256(content) };
  }
  await writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify({ files }, null, 1)}\n`);
}
