/** A regular expression of Python as one of JavaScript. */
export interface Pattern {
  /** As `RegExp.source`. */
  readonly source: string;
  /** `i`, `s`, or both: what Python writes as `(?i)` at the start. */
  readonly flags: string;
}

/** Escapes that mean the same in both languages; of other letters Python knows none, and JavaScript takes them as they are. */
const ESCAPES = /^[dDwWsSbBnrtfv0-9]$/;

/**
 * A regular expression in Python's syntax. What JavaScript has no form for, and what it would take for something else, is refused.
 * @throws SyntaxError that says what
 */
export function fromPython(text: string): Pattern {
  const [leading = '', flags = ''] = /^\(\?([is]+)\)/.exec(text) ?? [];
  let source = '';
  let inClass = false;
  for (let at = leading.length; at < text.length; at += 1) {
    const rest = text.slice(at);
    const [char = ''] = rest;
    const [whole, letter] = /^\\([A-Za-z0-9])/.exec(rest) ?? [];
    if (whole !== undefined && !ESCAPES.test(letter!)) throw new SyntaxError(`${whole} is not known in both Python and JavaScript`);
    if (rest.startsWith('\\')) {
      source += rest.slice(0, 2);
      at += 1;
    } else if (inClass) {
      source += char;
      inClass = char !== ']';
    } else if (char === '[') {
      if (/^\[\^?\]/.test(rest)) throw new SyntaxError('a bracket that closes at once is a character in Python and the end in JavaScript');
      inClass = true;
      source += char;
    } else if (rest.startsWith('(?')) {
      const [group, name, reference] = /^\(\?(?::|=|!|<=|<!|P<(\w+)>|P=(\w+)\))/.exec(rest) ?? [];
      if (group === undefined) throw new SyntaxError(`the group ${rest.slice(0, 4)}… has no form in JavaScript`);
      source += name !== undefined ? `(?<${name}>` : reference !== undefined ? `\\k<${reference}>` : group;
      at += group.length - 1;
    } else {
      if (/^[*+?}]\+/.test(rest)) throw new SyntaxError(`the possessive ${rest.slice(0, 2)} has no form in JavaScript`);
      source += char;
    }
  }
  const { source: checked } = new RegExp(source, flags); // a syntax error of its own, where it is none
  return { source: checked, flags: new RegExp('', flags).flags };
}

/** The inverse of {@link fromPython}. @throws SyntaxError for what Python has no form for */
export function toPython({ source, flags }: Pattern): string {
  const other = [...flags].find((flag) => !'is'.includes(flag));
  if (other !== undefined) throw new SyntaxError(`the flag ${other} has no form in Python`);
  const text = source
    .replace(/\\[^]/g, (escape) => (escape === '\\/' ? '/' : escape))
    .replace(/(\\[^])|\(\?<(?![=!])/g, (_, escape?: string) => escape ?? '(?P<')
    .replace(/\\k<(\w+)>/g, '(?P=$1)');
  const python = flags === '' ? text : `(?${flags})${text}`;
  const back = fromPython(python);
  if (back.source === source && back.flags === flags) return python;
  throw new SyntaxError(`/${source}/${flags} has no form in Python`);
}
