import {
  historyOf,
  itemText,
  renderExplanationPrompt,
  type ExplanationForm,
  type ExplanationTemplate,
  type HistoryText,
  type Interactions,
  type Items,
  type ItemText,
} from '@expctr/data';
import type { Tokenizer } from '@expctr/language-model';

/** The prompts x(u, i) of a dataset, rendered and tokenized when first asked for. */
export interface PromptBook {
  /** The target item of interaction `row`. */
  item(row: number): ItemText;
  /** The items of its history, by what the user did with them. */
  history(row: number): HistoryText;
  /** Token ids of the explanation prompt. */
  tokens(row: number): Int32Array;
  /** History entries that this prompt lost because it was too long. */
  dropped(row: number): number;
}

/** What a {@link PromptBook} is made of. */
export interface PromptBookOptions {
  readonly interactions: Interactions;
  readonly items: Items;
  readonly template: ExplanationTemplate;
  readonly form: ExplanationForm;
  readonly tokenizer: Tokenizer;
  /** A longer prompt loses its oldest history entries. */
  readonly maxTokens: number;
}

/** The history holds what came before the interaction only, and the label of the row itself never enters its prompt. */
export function createPromptBook({ interactions, items, template, form, tokenizer, maxTokens }: PromptBookOptions): PromptBook {
  const cache = new Map<number, { tokens: Int32Array; dropped: number }>();
  const itemOfRow = (row: number): ItemText => itemText(items, interactions.item[row]!);

  function history(row: number): HistoryText {
    const liked: ItemText[] = [];
    const disliked: ItemText[] = [];
    for (const earlier of historyOf(interactions, row)) (interactions.label[earlier] === 1 ? liked : disliked).push(itemOfRow(earlier));
    return { liked, disliked };
  }

  function rendered(row: number): { tokens: Int32Array; dropped: number } {
    const known = cache.get(row);
    if (known) return known;
    const { prompt, dropped } = renderExplanationPrompt(
      template,
      { ...history(row), target: itemOfRow(row) },
      { form, fits: (candidate) => tokenizer.encode(candidate).length <= maxTokens },
    );
    const made = { tokens: tokenizer.encode(prompt), dropped };
    cache.set(row, made);
    return made;
  }

  return { item: itemOfRow, history, tokens: (row) => rendered(row).tokens, dropped: (row) => rendered(row).dropped };
}
