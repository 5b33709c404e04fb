import { modelAsset } from '@expctr/test-support';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer } from '../../src/tokenizer/load-tokenizer.js';
import type { ChatMessage, Tokenizer } from '@expctr/language-model';

/** What transformers in Python makes of texts and chats: tools/oracles/llm-lora_formats_tokenizer.py. */
export interface TokenizerFixture {
  readonly texts: readonly { name: string; text: string; ids: number[]; decoded: string }[];
  readonly chats: readonly { name: string; messages: ChatMessage[]; ids: number[]; continued: number[] }[];
}

export const MODELS = ['stories260K', 'SmolLM2-135M-Instruct'].map((name) => {
  const asset = modelAsset(name);
  let tokenizer: Promise<Tokenizer> | undefined;
  return {
    name,
    missing: asset.missing,
    path: asset.path,
    load: () => (tokenizer ??= loadTokenizer(asset.path)),
    fixture: JSON.parse(readFileSync(join(import.meta.dirname, `../fixtures/formats/tokenizer-${name}.json`), 'utf8')) as TokenizerFixture,
  };
});

/** Ids that data must never yield: all added tokens of both models are special, `<unk>` among them. */
export function specialIds(path: string): ReadonlySet<number> {
  const json = JSON.parse(readFileSync(join(path, 'tokenizer.json'), 'utf8')) as { added_tokens: { id: number; special: boolean }[] };
  return new Set(json.added_tokens.filter(({ special }) => special).map(({ id }) => id));
}
