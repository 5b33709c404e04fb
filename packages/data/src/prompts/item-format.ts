import { z } from 'zod';
import { dataText } from './data-text.js';
import { fill, slotsOf } from './slots.js';
import type { HistoryText, ItemText } from './item-text.js';
import { WORD_SLOTS } from '../words/word-slots.js';

/** A text with slots, checked to hold no others than these and those for the words of a dataset. */
export function slotted(allowed: readonly string[], required: readonly string[] = []): z.ZodString {
  return z.string().superRefine((text, context) => {
    const slots = slotsOf(text);
    const unknown = slots.find((slot) => !allowed.includes(slot) && !(WORD_SLOTS as readonly string[]).includes(slot));
    if (unknown !== undefined) {
      context.addIssue({
        code: 'custom',
        message: `there is no slot {${unknown}} here; the slots are ${[...allowed, ...WORD_SLOTS].map((slot) => `{${slot}}`).join(', ')}`,
      });
    }
    const missing = required.find((slot) => !slots.includes(slot));
    if (missing !== undefined) context.addIssue({ code: 'custom', message: `the slot {${missing}} is missing` });
  });
}

/** How an item is written. */
export const itemFormatSchema = z.strictObject({
  /** Slots `{title}` and `{attributes}`, at least one of them, for instance `"{title}"{attributes}`. */
  text: slotted(['title', 'attributes']).refine((text) => slotsOf(text).length > 0, 'one of the slots {title} and {attributes} is missing'),
  /** Stands for `{attributes}` where the item has any; slot `{list}`, for instance ` ({list})`. */
  attributes: slotted(['list'], ['list']),
  /** One attribute in that list; slots `{name}` and `{values}`. */
  attribute: slotted(['name', 'values'], ['values']),
  /** One number in that list, behind the attributes; slots `{name}` and `{value}`, which holds the unit. Default: numbers are not shown. */
  number: slotted(['name', 'value'], ['value']).optional(),
  /** Stands between attributes. */
  attributeSeparator: z.string(),
  /** Stands between the values of an attribute. */
  valueSeparator: z.string(),
  /** Stands for a title that is empty. */
  untitled: z.string(),
});
/** How an item is written. */
export type ItemFormat = z.infer<typeof itemFormatSchema>;

/** A message of a chat form. */
export function messageSchema(slots: readonly string[]) {
  return z.strictObject({
    /** Who speaks. */
    role: z.enum(['system', 'user', 'assistant']),
    /** What is said, with slots. */
    content: slotted(slots),
  });
}

/** How a list of items is written. */
export const listFormatSchema = z.strictObject({
  /** One item; slot `{item}`. */
  entry: slotted(['item'], ['item']),
  /** Stands between items. */
  separator: z.string(),
  /** Stands for a list without items; null = the template's line with its slot is left out. */
  empty: z.string().nullable(),
});
/** How a list of items is written. */
export type ListFormat = z.infer<typeof listFormatSchema>;

/** An item as the template writes it; title, attribute values and numbers go through {@link dataText}. */
export function formatItem(item: ItemText, format: ItemFormat, delimiters: readonly string[]): string {
  const data = (text: string): string => dataText(text, delimiters);
  const attributes = Object.entries(item.attributes)
    .map(([name, values]) => ({ name: data(name), values: values.map(data).filter((value) => value !== '') }))
    .filter(({ values }) => values.length > 0)
    .map(({ name, values }) => fill(format.attribute, { name, values: values.join(format.valueSeparator) }));
  const { number } = format;
  const numbers =
    number === undefined
      ? []
      : Object.entries(item.numbers ?? {}).map(([name, value]) => fill(number, { name: data(name), value: data(value) }));
  const listed = [...attributes, ...numbers];
  const list = listed.length === 0 ? '' : fill(format.attributes, { list: listed.join(format.attributeSeparator) });
  return fill(format.text, { title: data(item.title) || format.untitled, attributes: list });
}

/** A list of items, in the given order. */
export function formatList(items: readonly ItemText[], list: ListFormat, format: ItemFormat, delimiters: readonly string[]): string {
  if (items.length === 0) return list.empty ?? '';
  return items.map((item) => fill(list.entry, { item: formatItem(item, format, delimiters) })).join(list.separator);
}

/** The slots whose lines a template leaves out for this history. */
export function emptySlots(history: HistoryText, list: ListFormat): string[] {
  if (list.empty !== null) return [];
  return (['liked', 'disliked'] as const).filter((name) => history[name].length === 0);
}
