import { compilePatterns } from './patterns.js';
import { defaultVerdictPatterns } from './default-verdict-patterns.js';

/** What introduces a reason. */
const REASON =
  /\b(?:because(?: of)?|since|given(?: that)?|due to|owing to|thanks to|considering(?: that)?|as(?= (?:they|he|she|it|the|this|their|his|her)\b))\b/iu;
/** What introduces a conclusion. */
const CONCLUSION = /,?\s*\b(?:so|therefore|thus|hence|consequently|which means(?: that)?|which is why|that(?:['’]s| is) why)\b/iu;
/** A comma before a new subject, as in `Because they like X, they would ...`. */
const NEW_SUBJECT = /,\s*(?=(?:they|he|she|it|i|the|this|these)(?:['’]\w+)?\s)/iu;
/** What sets two halves against each other: a half that is left alone would say something else. */
const CONTRAST =
  /\b(?:although|though|despite|in spite of|while|whereas|but|however|unless|if|yet|even|regardless|nevertheless|only|instead|except|rather)\b/iu;
const BOUNDARY = new RegExp(`(${REASON.source}|${CONCLUSION.source}|${NEW_SUBJECT.source})`, 'giu');
/** What is left over before and behind a reason that was cut out. */
const FILLER = `(?:and|also|that|in (?:conclusion|short|summary)|overall|ultimately|finally|first|second|then)\\b`;
const LEADING = new RegExp(`^(?:[\\s,;:–—-]|\\b${FILLER}|${REASON.source}|${CONCLUSION.source})+`, 'iu');
const TRAILING = new RegExp(`(?:[\\s,;:–—.!?-]|\\b${FILLER})+$`, 'iu');
/** The end of a sentence: its marks, closing quotes, and the space behind; not after common abbreviations. */
const SENTENCE_END = /(?<!\b(?:Mr|Mrs|Ms|Dr|St|Jr|vs|Vol|e\.g|i\.e))[.!?;]+["'’”)\]]*(?:\s+|$)/gu;

/**
 * Removes sentences that state the outcome ("they would love it", "the answer is no") and keeps those that give reasons.
 *
 * A sentence is a verdict where one of the patterns matches it. Of a mixed sentence the reason is kept where it can simply be
 * cut out: where because / since / due to / so / therefore (or a comma before a new subject) separates it from the verdict, and
 * nothing sets the two halves against each other (but, although, if, ...). Any other mixed sentence is removed.
 * @param patterns regular expressions, matched with the flags `iu`; default {@link defaultVerdictPatterns}
 */
export function stripVerdict(text: string, patterns: readonly string[] = defaultVerdictPatterns): string {
  const expressions = compilePatterns(patterns);
  const isVerdict = (part: string): boolean => expressions.some((expression) => expression.test(part));
  return sentencesOf(text)
    .map((sentence) => (isVerdict(sentence) ? reasonOf(sentence, isVerdict) : sentence))
    .join('')
    .trim();
}

/** The sentences of a text, each with the space behind it; joined they give the text. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const match of text.matchAll(SENTENCE_END)) {
    const end = match.index + match[0].length;
    sentences.push(text.slice(start, end));
    start = end;
  }
  if (start < text.length) sentences.push(text.slice(start));
  return sentences;
}

function reasonOf(sentence: string, isVerdict: (part: string) => boolean): string {
  if (CONTRAST.test(sentence)) return '';
  const parts = clausesOf(sentence);
  const kept = parts.filter((part) => !isVerdict(part));
  if (kept.length === parts.length) return ''; // the verdict spans clauses
  const reason = kept.join('').replace(LEADING, '').replace(TRAILING, '');
  if (reason.split(/\s+/u).length < 2 || isVerdict(reason)) return '';
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}. `;
}

/** Cuts before every connective; joined, the clauses give the sentence. */
function clausesOf(sentence: string): string[] {
  const starts = [0, ...Array.from(sentence.matchAll(BOUNDARY), (match) => match.index), sentence.length];
  return starts
    .slice(0, -1)
    .map((start, i) => sentence.slice(start, starts[i + 1]))
    .filter((clause) => clause !== '');
}
