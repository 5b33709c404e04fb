import type { ItemText } from '@expctr/data';

/** An item as plain text for a sentence encoder: `Toy Story (1995). genres: Adventure, Animation`. */
export function plainItemText({ title, attributes, numbers = {} }: ItemText): string {
  const parts = [...Object.entries(attributes), ...Object.entries(numbers).map(([name, value]) => [name, [value]] as const)]
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name}: ${values.join(', ')}`);
  return [title, ...parts].join('. ');
}
