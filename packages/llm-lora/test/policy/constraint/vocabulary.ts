import { createRng } from '@expctr/core';
import type { Constraint, SamplingOptions, Tokenizer } from '@expctr/language-model';
import { Constraints } from '../../../src/policy/constraint/constraints.js';
import { Draw } from '../../../src/policy/draw.js';

const utf8 = new TextEncoder();

/** All bytes, words of several, and tokens that begin and end within characters, or lead from one part of JSON into the next. */
const WORDS = ['yes', 'no', ' yes', 'true', 'null', '{"', '":', '": "', '", "', '"}', '"]}', '[]', '[[', '12', '0.5', '-', 'aaaa', '\\"', '\\n', 'é', '日本', '🎬', '🎬"', 'x"},{"', '  ', '\n', '€"']; // prettier-ignore
const TOKENS: readonly Uint8Array[] = [
  ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  ...WORDS.map((word) => utf8.encode(word)),
  utf8.encode('日').subarray(0, 2),
  utf8.encode('🎬"').subarray(2),
];

/** A token without a text, that ends one. */
export const STOP = TOKENS.length;

export const tokenizer = {
  tokenBytes: (id: number) => TOKENS[id] ?? new Uint8Array(0),
  vocabularySize: STOP + 1,
} as Partial<Tokenizer> as Tokenizer;

/** The model has more rows than the tokenizer has tokens. */
export const constraints = new Constraints(() => tokenizer, STOP + 3);

/** @throws where the bytes are no text */
export const textOf = (ids: readonly number[]): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(ids.flatMap((id) => [...tokenizer.tokenBytes(id)])));

/** A completion by a model that knows nothing. */
export function written(constraint: Constraint, seed: number, more: Partial<SamplingOptions> = {}): { text: string; draw: Draw } {
  const sampling: SamplingOptions = { maxNewTokens: 60, stopTokenIds: [STOP], seed: [seed], constraint, ...more };
  const draw = new Draw(
    { sampling, penalties: null, constraint: constraints.of(constraint, sampling), tokenizer: null },
    [0],
    0,
    createRng([seed]),
  );
  const logits = createRng([seed, 'logits']);
  while (draw.finishReason === null)
    draw.take(
      Float32Array.from({ length: STOP + 3 }, () => 4 * logits.next()),
      'logits',
    );
  return { text: textOf(draw.tokens), draw };
}
