import { SPECIAL_TOKENS, tokenizerJson } from '../tokenizer-json.js';
import { BALANCES } from '@expctr/data';
import { DEGREES, NEUTRAL, NEWCOMER, NO_REASON, THEM, VERBS } from './phrases.js';
import { DOMAINS, valueNames } from '../world/vocabulary.js';

const SPECIAL = [...SPECIAL_TOKENS, '<unk>'] as const;
const UNKNOWN = SPECIAL_TOKENS.length;

/** Stands between a history and values that are asked about. */
export const ASK = 'asked:';

/** Every word that the templates and the writers use, each one token; the id is the index. Words are what stands between spaces. */
export const VOCABULARY: readonly string[] = [
  ...SPECIAL,
  ...BALANCES,
  ...['why:', ASK, 'item', 'because', 'chosen?', 'yes', 'no', NEWCOMER, NEUTRAL, THEM],
  ...NO_REASON.split(' '),
  ...DEGREES.map((degree) => VERBS[degree]),
  ...Object.values(DOMAINS).flatMap(valueNames),
];

const idOf = new Map(VOCABULARY.map((word, id) => [word, id]));

/** Id of a word; unknown words have one id in common. */
export const wordId = (word: string): number => idOf.get(word) ?? UNKNOWN;

/** The ids of a text, as the tokenizer in {@link wordTokenizerJson} gives them, without the token that begins a sequence. */
export function wordIds(text: string): number[] {
  return text
    .split(/\s+/u)
    .filter((word) => word !== '')
    .map(wordId);
}

/** tokenizer.json: a word is a token, what is no word of the vocabulary is `<unk>`, `<s>` begins a sequence. */
export function wordTokenizerJson(): object {
  return tokenizerJson({
    special: SPECIAL,
    preTokenizer: { type: 'WhitespaceSplit' },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
    // WordPiece over whole words is a word-level model, and one that every reader of tokenizer.json knows.
    model: {
      type: 'WordPiece',
      unk_token: '<unk>',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(VOCABULARY.map((word, id) => [word, id])),
    },
  });
}
