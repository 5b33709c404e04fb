import {
  cutItem,
  historyOf,
  itemText,
  renderExplanationPrompt,
  TemplateError,
  type ExplanationForm,
  type ExplanationTemplate,
  type HistoryText,
  type Interactions,
  type Items,
  type ItemText,
  type Prompt,
} from '@expctr/data';
import type { Tokenizer } from '@expctr/language-model';

/** The prompts x(u, i) of a dataset, rendered and tokenized when first asked for. */
export interface PromptBook {
  /** The target item of interaction `row`, as prompts show it. */
  item(row: number): ItemText;
  /** The items of its history, by what the user did with them. */
  history(row: number): HistoryText;
  /** The explanation prompt. @throws TemplateError `PROMPT_TOO_LONG` naming the item where it does not fit even without a history */
  prompt(row: number): Prompt;
  /** Token ids of the explanation prompt. */
  tokens(row: number): Int32Array;
  /** History entries that this prompt lost because it was too long. */
  dropped(row: number): number;
}

/** What a {@link PromptBook} is made of. */
export interface PromptBookOptions {
  readonly interactions: Interactions;
  readonly items: Items;
  /** Units of the items' numbers. */
  readonly units: Readonly<Record<string, string>>;
  readonly template: ExplanationTemplate;
  readonly form: ExplanationForm;
  readonly tokenizer: Tokenizer;
  /** A longer prompt loses its oldest history entries. */
  readonly maxTokens: number;
  /** Longer texts of items are cut. */
  readonly maxTextLength: number;
}

interface Rendered {
  readonly prompt: Prompt;
  readonly tokens: Int32Array;
  readonly dropped: number;
}

/** The history holds what came before the interaction only, and the label of the row itself never enters its prompt. */
export function createPromptBook(options: PromptBookOptions): PromptBook {
  const { interactions, items, template, form, tokenizer, maxTokens } = options;
  const cache = new Map<number, Rendered>();
  const shown = shownItems(options);
  const itemOfRow = (row: number): ItemText => shown(interactions.item[row]!);

  function history(row: number): HistoryText {
    const liked: ItemText[] = [];
    const disliked: ItemText[] = [];
    for (const earlier of historyOf(interactions, row)) (interactions.label[earlier] === 1 ? liked : disliked).push(itemOfRow(earlier));
    return { liked, disliked };
  }

  function render(row: number): Rendered {
    const tokensOf = new Map<Prompt, Int32Array>();
    const encode = (prompt: Prompt): Int32Array => {
      const tokens = tokensOf.get(prompt) ?? tokenizer.encode(prompt);
      tokensOf.set(prompt, tokens);
      return tokens;
    };
    const fits = (candidate: Prompt): boolean => encode(candidate).length <= maxTokens;
    try {
      const { prompt, dropped } = renderExplanationPrompt(template, { ...history(row), target: itemOfRow(row) }, { form, fits });
      return { prompt, tokens: encode(prompt), dropped };
    } catch (error) {
      if (!(error instanceof TemplateError) || error.code !== 'PROMPT_TOO_LONG') throw error;
      const id = items.itemIds[interactions.item[row]!]!;
      throw new TemplateError(
        'PROMPT_TOO_LONG',
        `${error.where ?? ''}: even without a history the prompt has more than ${maxTokens} tokens`,
        {
          where: `item "${id}", row ${row}`,
          expected: 'a prompt within llm.maxPromptTokens and the context of the model',
          remedy: 'lower prompt.maxTextLength, raise llm.maxPromptTokens, name fewer columns, or shorten the template',
          cause: error,
        },
      );
    }
  }

  function rendered(row: number): Rendered {
    const known = cache.get(row);
    if (known) return known;
    const made = render(row);
    cache.set(row, made);
    return made;
  }

  return {
    item: itemOfRow,
    history,
    prompt: (row) => rendered(row).prompt,
    tokens: (row) => rendered(row).tokens,
    dropped: (row) => rendered(row).dropped,
  };
}

/** Items by their codes as prompts show them: cut to length, and without numbers where the template has no place for them. */
function shownItems({ items, units, template, maxTextLength }: PromptBookOptions): (item: number) => ItemText {
  const known: ItemText[] = [];
  const made = (item: number): ItemText => {
    const { numbers, ...text } = itemText(items, item, units);
    return cutItem(template.item.number === undefined || numbers === undefined ? text : { ...text, numbers }, maxTextLength).item;
  };
  return (item) => (known[item] ??= made(item));
}
