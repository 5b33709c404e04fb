import type { Checkpoint } from '../formats/checkpoint.js';
import { TokenizerError } from './errors.js';
import type { Tokenizer } from '@expctr/language-model';

/**
 * Checks that every id of a tokenizer has a row in the model's embedding table. (Fewer ids than rows are common: tables are
 * padded to a round size.)
 * @throws TokenizerError `TOKENIZER_MISMATCH`, which names the tokenizer's and the model's folder.
 */
export function checkTokenizer(tokenizer: Tokenizer, model: Pick<Checkpoint, 'config' | 'source'>): void {
  const { vocabularySize } = model.config;
  if (tokenizer.vocabularySize <= vocabularySize) return;
  throw new TokenizerError(
    'TOKENIZER_MISMATCH',
    `the tokenizer has ${tokenizer.vocabularySize} tokens, the model ${model.source} only ${vocabularySize}`,
    {
      where: tokenizer.name,
      expected: `at most ${vocabularySize} tokens`,
      remedy: `use the tokenizer.json that was published with ${model.source}`,
    },
  );
}
