import type { ItemFormat, ListFormat } from './item-format.js';

/** How both default templates write an item: `"Heat (1995)" (genres: Crime, Thriller)`. */
export const defaultItemFormat: ItemFormat = {
  text: '"{title}"{attributes}',
  attributes: ' ({list})',
  attribute: '{name}: {values}',
  number: '{name}: {value}',
  attributeSeparator: '; ',
  valueSeparator: ', ',
  untitled: 'untitled',
};

/** How both write a list. An empty one has no line: models this small take "Disliked: nothing yet" for dislike. */
export const defaultListFormat: ListFormat = { entry: '{item}', separator: '; ', empty: null };
