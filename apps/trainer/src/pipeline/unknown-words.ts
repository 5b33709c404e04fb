import type { Prompt, Tokenizer } from '@expctr/language-model';

/** What of some texts a vocabulary cannot write. */
export interface UnknownWords {
  /** Tokens of the texts. */
  readonly tokens: number;
  /** Those of them that stand for something unknown. */
  readonly unknown: number;
  /** `unknown` / `tokens`; 0 without tokens. */
  readonly share: number;
  /** The words that hold something unknown, the most frequent first. */
  readonly words: readonly { readonly word: string; readonly count: number }[];
}

interface Counted {
  readonly tokens: number;
  readonly unknown: number;
}

/**
 * Counts, word by word (between blanks), the tokens of texts and those that are unknown. A word that leaves no token at all, as some
 * tokenizers treat what they do not know, counts as one unknown token.
 */
export function countUnknown(texts: readonly string[], tokenizer: Tokenizer): UnknownWords {
  const known = new Map<string, Counted>();
  const times = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.split(/\s+/u)) if (word !== '') times.set(word, (times.get(word) ?? 0) + 1);
  }
  for (const word of times.keys()) known.set(word, countWord(word, tokenizer));
  const sum = (part: keyof Counted): number => [...times].reduce((total, [word, count]) => total + count * known.get(word)![part], 0);
  const [tokens, unknown] = [sum('tokens'), sum('unknown')];
  const words = [...times]
    .flatMap(([word, count]) => (known.get(word)!.unknown > 0 ? [{ word, count }] : []))
    .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1));
  return { tokens, unknown, share: tokens === 0 ? 0 : unknown / tokens, words };
}

function countWord(word: string, tokenizer: Tokenizer): Counted {
  const ids = tokenizer.encodeText(word);
  if (ids.length === 0) return { tokens: 1, unknown: 1 };
  return { tokens: ids.length, unknown: ids.filter((id) => id === tokenizer.unknownTokenId).length };
}

/** All that a prompt says, without what a chat template adds. */
export function promptText(prompt: Prompt): string {
  return prompt.form === 'completion'
    ? prompt.text
    : [...prompt.messages.map(({ content }) => content), prompt.continuation ?? ''].join('\n');
}
