import { escape, matcher, oneLine } from './data-text.js';
import { compilePatterns } from './patterns.js';
import { sentencesOf, stripVerdict } from './verdict.js';
import type { ExplanationTemplate } from './explanation-template.js';
import type { LcTemplate } from './lc-template.js';
import { worded } from '../words/in-words.js';

/** Options of {@link readableText}. */
export interface ReadableTextOptions {
  /** Whether verdict sentences are removed. Default true. */
  readonly stripVerdict?: boolean;
}

/** Every character that some tokenizer, editor or Python's splitlines takes for a line break. */
// eslint-disable-next-line no-control-regex
const LINE_BREAK = /[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/u;
/** Whether a question ends with a mark. */
const ENDED = /[?.!:]$/u;
/** Words that make a sentence of what follows `No`, so that it answers; before any other word it is part of a reason (`No romance here`). */
const CLAUSE_WORD = /^\s+(?:they|he|she|it|i|you|we|the|this|that|because|since|as|but|and|so|not|way|thanks|doubt)\b/iu;

/**
 * What reader and encoder see of a generated explanation.
 *
 * Leading line breaks are trimmed; the text ends at the first line break or delimiter of a template; questions (with an answer
 * behind them), field names and answers are removed, the notes of a chain of thought (sentences that one of a template's
 * `notePatterns` matches), and verdict sentences ({@link stripVerdict}). An answer is removed where it
 * stands for one: behind the question, as a sentence or clause of its own, and, where the template writes it with a capital,
 * anywhere in that spelling (`No romance here` becomes `no romance here`: there it is a word of the reason). As a word of the
 * language it stays: `they like dark thrillers`, for a template that answers ` like`.
 * Applying it twice changes nothing more. An explanation without anything readable gives the empty string.
 */
export function readableText(
  generated: string,
  templates: readonly (ExplanationTemplate | LcTemplate)[],
  options: ReadableTextOptions = {},
): string {
  const { stripVerdict: strip = true } = options;
  const rules = rulesOf(templates.map(worded));
  const start = generated.replace(/^[\s\p{Cc}]+/u, '');
  let text = oneLine(start.split(LINE_BREAK, 1)[0] ?? '');
  // A removal can bring together what the next pass removes. Every pass shortens the text or lowers a letter, so this ends.
  for (let before: string | undefined; before !== text;) {
    before = text;
    text = removeAll(cutAtDelimiter(text, rules.delimiters), rules.questions); // they may name the answers
    for (const answer of rules.answers) text = removeAnswer(text, answer);
    for (const patterns of rules.notePatterns) text = withoutSentences(text, patterns);
    if (strip) for (const patterns of rules.verdictPatterns) text = stripVerdict(text, patterns);
    text = removeAll(text, rules.openings); // after the verdicts, of which they are the beginning
    text = removeAll(text, rules.fieldNames);
    text = tidy(text);
  }
  return text;
}

/** The text without its sentences that one of the patterns matches. */
function withoutSentences(text: string, patterns: readonly string[]): string {
  const expressions = compilePatterns(patterns);
  return sentencesOf(text)
    .filter((sentence) => !expressions.some((expression) => expression.test(sentence)))
    .join('');
}

/** Replaces matches by a space until none is left: a removal may bring another together. */
function removeAll(text: string, expressions: readonly RegExp[]): string {
  let result = text;
  for (let before: string | undefined; before !== result;) {
    before = result;
    for (const expression of expressions) result = result.replace(expression, ' ');
  }
  return result;
}

interface Rules {
  readonly delimiters: readonly RegExp[];
  /** Questions that end with a mark of their own. */
  readonly questions: readonly RegExp[];
  /** Questions that the answer goes on with: `So the user will`. */
  readonly openings: readonly RegExp[];
  readonly fieldNames: readonly RegExp[];
  readonly answers: readonly Answer[];
  readonly verdictPatterns: readonly (readonly string[])[];
  readonly notePatterns: readonly (readonly string[])[];
}

interface Answer {
  readonly alone: RegExp;
  readonly anywhere: RegExp | undefined;
  readonly deniesAsWord: boolean;
}

/** Rules by the first of their templates: callers may give the same templates in a new array each time. */
const known = new WeakMap<object, { readonly templates: readonly object[]; readonly rules: Rules }[]>();

function rulesOf(templates: readonly (ExplanationTemplate | LcTemplate)[]): Rules {
  const [first = known] = templates;
  const cached = known.get(first) ?? [];
  const same = cached.find(
    (entry) => entry.templates.length === templates.length && entry.templates.every((one, i) => one === templates[i]),
  );
  if (same !== undefined) return same.rules;
  const rules = compileRules(templates);
  known.set(first, [...cached, { templates: [...templates], rules }]);
  return rules;
}

function compileRules(templates: readonly (ExplanationTemplate | LcTemplate)[]): Rules {
  const forms = templates.flatMap((template) => (template.kind === 'lc' ? Object.values(template.forms) : []));
  const explanations = templates.filter((template) => template.kind === 'explanation');
  const answers = forms.flatMap(({ answers: { yes, no } }) => [yes.trim(), no.trim()]).filter((answer) => answer !== '');
  const questions = longestFirst(forms.flatMap(({ question }) => sentencesOf(question)));
  const literals = (lists: readonly (readonly string[])[]): RegExp[] => longestFirst(lists.flat()).map(matcher);
  return {
    delimiters: literals([...forms, ...explanations].map(({ delimiters }) => delimiters)),
    questions: questions.filter((question) => ENDED.test(question)).map((question) => questionMatcher(question, answers)),
    openings: questions.filter((question) => !ENDED.test(question)).map((question) => questionMatcher(question, answers)),
    fieldNames: literals([...forms, ...explanations].map(({ fieldNames }) => fieldNames)),
    answers: forms.flatMap(({ answers: { yes, no } }) => [answerRule(yes.trim(), false), answerRule(no.trim(), true)]),
    verdictPatterns: [...new Set(templates.map(({ verdictPatterns }) => verdictPatterns))],
    notePatterns: explanations.flatMap(({ notePatterns }) => (notePatterns === undefined ? [] : [notePatterns])),
  };
}

function longestFirst(literals: readonly string[]): string[] {
  return [...new Set(literals.map(oneLine))].filter((literal) => literal !== '').sort((a, b) => b.length - a.length);
}

/** The question's words in their order, whatever stands between them, and an answer behind. */
function questionMatcher(question: string, answers: readonly string[]): RegExp {
  const words = question.split(/[^\p{L}\p{N}'’]+/u).filter((word) => word !== '');
  const between = '[^\\p{L}\\p{N}]+';
  const answer = answers.length === 0 ? '' : `(?:${between}(?:${answers.map(escape).join('|')})(?![\\p{L}\\p{N}]))?`;
  return new RegExp(`(?<![\\p{L}\\p{N}])${words.map(escape).join(between)}(?![\\p{L}\\p{N}])${answer}[?!.:]*`, 'giu');
}

function answerRule(answer: string, deniesAsWord: boolean): Answer {
  const word = escape(answer);
  const capital = answer !== answer.toLowerCase();
  return {
    alone: new RegExp(`(?<=^|[.!?;:,]\\s*)["'‘“(]*${word}["'’”)]*(?=\\s*(?:[.!?;:,]|$))[.!?;:,]*`, 'giu'),
    anywhere: capital ? new RegExp(`(?<![\\p{L}\\p{N}'’-])${word}(?![\\p{L}\\p{N}'’-])`, 'gu') : undefined,
    deniesAsWord,
  };
}

function removeAnswer(text: string, { alone, anywhere, deniesAsWord }: Answer): string {
  const rest = text.replace(alone, ' ');
  if (anywhere === undefined) return rest;
  return rest.replace(anywhere, (found, at: number, whole: string) => {
    const behind = whole.slice(at + found.length);
    return deniesAsWord && /^\s+\p{Ll}/u.test(behind) && !CLAUSE_WORD.test(behind) ? found.toLowerCase() : ' ';
  });
}

function cutAtDelimiter(text: string, delimiters: readonly RegExp[]): string {
  const ends = delimiters.map((delimiter) => text.search(delimiter)).filter((at) => at >= 0);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
}

/** Single spaces, none before punctuation, and nothing at all where only punctuation is left. */
function tidy(text: string): string {
  const line = oneLine(text)
    .replace(/\s+([.,;:!?])/gu, '$1')
    .replace(/^[.,;:!?\s]+|[,;:\s]+$/gu, '');
  return /[\p{L}\p{N}]/u.test(line) ? line : '';
}
