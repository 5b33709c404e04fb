import { dataText, escape } from '../prompts/data-text.js';
import type { ExplanationTemplate } from '../prompts/explanation-template.js';
import { formatItem, formatList } from '../prompts/item-format.js';
import type { LcTemplate } from '../prompts/lc-template.js';
import { fill, slotsOf, withoutLines } from '../prompts/slots.js';
import { neutralWords } from './domains/neutral.js';
import { wordValues, WORD_SLOTS } from './word-slots.js';
import type { Words } from './words.js';

/** Slots of an explanation template for the worked example. */
export const EXAMPLE_SLOTS = ['exampleLiked', 'exampleDisliked', 'exampleTarget', 'exampleAnalysis'] as const;

const FILLED_BEFORE: readonly string[] = [...WORD_SLOTS, ...EXAMPLE_SLOTS];
/** Fields whose texts are regular expressions. */
const PATTERNS = ['verdictPatterns', 'notePatterns'];

/** A prompt of either kind. */
export type Template = ExplanationTemplate | LcTemplate;

/**
 * A template in the words of a dataset: its slots for words (`{noun}`, `{didLike}`) and for a worked example are filled, and examples of
 * an LC form that names none are those of the words. What is left are the slots of a single prompt. A template without such slots is
 * given back as it is.
 */
export function inWords<T extends Template>(template: T, words: Words): T {
  if (!needsWords(template)) return template;
  const values = { ...wordValues(words), ...(template.kind === 'explanation' ? exampleValues(template, words) : {}) };
  const escaped = Object.fromEntries(Object.entries(values).map(([slot, value]) => [slot, escape(value)]));
  const filled = mapTexts(template, (text, key) => fill(withoutEmpty(text, values), PATTERNS.includes(key) ? escaped : values));
  return filled.kind === 'lc' ? { ...filled, forms: withExamples(filled, words) } : filled;
}

/** Whether a template has slots that {@link inWords} fills. */
export function needsWords(template: Template): boolean {
  if (
    template.kind === 'lc' &&
    Object.values(template.forms).some(({ examples }) => examples !== undefined && examples.rows === undefined)
  ) {
    return true;
  }
  return slotsOf(JSON.stringify(template)).some((slot) => FILLED_BEFORE.includes(slot));
}

const neutral = new WeakMap<Template, Template>();

/** The template as it is where it has its words already; else in neutral ones, the same object at every call. */
export function worded<T extends Template>(template: T): T {
  const known = neutral.get(template);
  if (known !== undefined) return known as T;
  const made = inWords(template, neutralWords);
  neutral.set(template, made);
  return made;
}

function withExamples({ forms }: LcTemplate, { examples }: Words): LcTemplate['forms'] {
  return Object.fromEntries(
    Object.entries(forms).map(([name, form]) => {
      if (form.examples === undefined) return [name, form];
      return [name, { ...form, examples: { ...form.examples, rows: form.examples.rows ?? examples.reading } }];
    }),
  );
}

/** What stands in an example came from data: it may hold neither delimiters nor anything that would later be taken for a slot. */
function exampleValues({ item, list, delimiters, fieldNames }: ExplanationTemplate, words: Words): Record<string, string> {
  const { liked, disliked, target, analysis } = words.examples.explanation;
  const guarded = [...delimiters, ...fieldNames].map((text) => fill(text, wordValues(words)));
  const shown = (text: string): string => text.replace(/\{([a-zA-Z]+)\}/gu, '($1)');
  return {
    exampleLiked: shown(formatList(liked, list, item, guarded)),
    exampleDisliked: shown(formatList(disliked, list, item, guarded)),
    exampleTarget: shown(formatItem(target, item, guarded)),
    exampleAnalysis: shown(dataText(analysis, guarded)),
  };
}

/** Lines of an example whose list is empty go, as they do in the prompt itself. */
function withoutEmpty(text: string, values: Readonly<Record<string, string>>): string {
  return withoutLines(
    text,
    EXAMPLE_SLOTS.filter((slot) => values[slot] === ''),
  );
}

/** The same value with every text in it replaced; `change` is told under which field it stands. */
function mapTexts<V>(value: V, change: (text: string, key: string) => string, key = ''): V {
  const map = (node: unknown, at: string): unknown => {
    if (typeof node === 'string') return change(node, at);
    if (Array.isArray(node)) return node.map((child) => map(child, at));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, name === 'rows' ? child : map(child, name)]));
  };
  return map(value, key) as V;
}
