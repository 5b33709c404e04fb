// Text that a language model can know something of: this repository's own documents.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tokenizer } from '@expctr/llm-lora';

/** Tokens of the repository's prose. */
export async function prose(tokenizer: Tokenizer): Promise<number[]> {
  const pages = await Promise.all(
    ['method.md', 'architecture.md'].map((page) => readFile(join(import.meta.dirname, '../../docs', page), 'utf8')),
  );
  return Array.from(tokenizer.encodeText(pages.join('\n')));
}
