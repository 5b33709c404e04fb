import type { Tokenizer } from '@expctr/language-model';

/** Every token that ends an explanation: the model's own end tokens, and tokens whose text holds one of the template's stop strings. */
export function stopTokenIds(tokenizer: Tokenizer, stopStrings: readonly string[]): number[] {
  const ids = new Set(tokenizer.eosTokenIds);
  if (stopStrings.length > 0) {
    for (let id = 0; id < tokenizer.vocabularySize; id += 1) {
      const text = tokenizer.decodeText([id]);
      if (stopStrings.some((stop) => text.includes(stop))) ids.add(id);
    }
  }
  return [...ids].sort((a, b) => a - b);
}
