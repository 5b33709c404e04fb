import { printable } from '@expctr/core';

/** A piece of HTML that is safe to stand in a page as it is. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, HTML is not, lists are joined, null and false leave nothing. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/** HTML from a template literal. Every interpolated text is data and is escaped, in content and in (quoted) attributes alike. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.map((part, at) => (at === 0 ? '' : render(values[at - 1])) + part).join(''));
}

/** Marks markup that this program made itself (SVG of the charts) as HTML. Never called on data. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

function render(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escapeText(String(value));
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Overrides and isolates of direction, and tags: they reorder what stands around them, or hide a text in another. */
const DECEPTIVE = /[\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;

/**
 * Escapes text for HTML; control characters and lone surrogates, which HTML forbids, become the replacement character, and
 * characters that reorder or hide text become visible. (Joiners stay: emoji and many scripts are written with them.)
 */
function escapeText(text: string): string {
  return (
    text
      .replace(/[&<>"']/gu, (character) => entities[character] ?? '')
      .replace(DECEPTIVE, (character) => printable(character))
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
  );
}
