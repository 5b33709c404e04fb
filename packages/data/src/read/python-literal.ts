/** The literal is malformed at this position (in UTF-16 units, from 0). */
export class LiteralError extends Error {
  /** Where. */
  readonly position: number;

  constructor(what: string, position: number) {
    super(what);
    this.position = position;
  }
}

/** Deeper nesting is damage, and would only exhaust the stack. */
const MAX_DEPTH = 64;

const NAMES: Readonly<Record<string, unknown>> = {
  True: true,
  False: false,
  None: null,
  nan: NaN,
  inf: Infinity,
  true: true,
  false: false,
  null: null,
  NaN: NaN,
  Infinity: Infinity,
};
const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '/': '/',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const DIGITS_AFTER: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * Reads a Python literal as `repr` writes it: dictionaries, lists, tuples, strings, numbers, True, False, None. JSON is read too.
 * Dictionaries become objects (keys as text), tuples arrays, and whole numbers that a double cannot hold (beyond 2^53, as ids of
 * 64 bits are) bigints. Source: the Python language reference, 2.4 (literals).
 * @throws LiteralError with the position.
 */
export function parseLiteral(text: string): unknown {
  let at = 0;
  const fail = (what: string): never => {
    throw new LiteralError(what, at);
  };
  const skip = (): void => {
    while (at < text.length && ' \t\r\n'.includes(text[at]!)) at += 1;
  };
  const take = (token: string): boolean => {
    skip();
    if (text[at] !== token) return false;
    at += 1;
    return true;
  };

  function value(depth: number): unknown {
    if (depth > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH}`);
    skip();
    const character = text[at];
    if (character === '{') return dictionary(depth);
    if (character === '[' || character === '(') return list(depth, character === '[' ? ']' : ')');
    const start = /["']|[uUbBrR]["']/y;
    start.lastIndex = at;
    if (start.test(text)) return string();
    return numberOrName();
  }

  function dictionary(depth: number): Record<string, unknown> {
    at += 1;
    const entries: [string, unknown][] = [];
    while (!take('}')) {
      if (entries.length > 0 && !take(',')) fail("',' or '}' is missing");
      if (take('}')) break; // a comma may stand before the end
      const key = value(depth + 1);
      if (typeof key === 'object' && key !== null) fail('a key is a text or a number');
      if (!take(':')) fail("':' is missing");
      entries.push([String(key), value(depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  function list(depth: number, close: string): unknown[] {
    at += 1;
    const values: unknown[] = [];
    while (!take(close)) {
      if (values.length > 0 && !take(',')) fail(`',' or '${close}' is missing`);
      if (take(close)) break;
      values.push(value(depth + 1));
    }
    return values;
  }

  function string(): string {
    const raw = 'rR'.includes(text[at]!);
    if (text[at] !== '"' && text[at] !== "'") at += 1;
    const quote = text[at]!;
    at += 1;
    let result = '';
    for (;;) {
      let end = at;
      while (end < text.length && text[end] !== quote && text[end] !== '\\') end += 1;
      result += text.slice(at, end);
      at = end;
      if (at >= text.length) fail('a quote is not closed');
      at += 1;
      if (text[at - 1] === quote) return result;
      result += raw ? `\\${text[at++] ?? ''}` : escape();
    }
  }

  function escape(): string {
    const letter = text[at++] ?? fail('a quote is not closed');
    const simple = ESCAPES[letter];
    if (simple !== undefined) return simple;
    const octal = /[0-7]{1,3}/y;
    octal.lastIndex = at - 1;
    const digits = octal.exec(text)?.[0];
    if (digits !== undefined) {
      at += digits.length - 1;
      return String.fromCharCode(parseInt(digits, 8));
    }
    const count = DIGITS_AFTER[letter];
    if (count === undefined) return `\\${letter}`; // Python keeps an escape that it does not know
    const code = text.slice(at, at + count);
    if (code.length !== count || !/^[\da-fA-F]+$/u.test(code) || parseInt(code, 16) > 0x10ffff)
      fail(`${count} hexadecimal digits are missing`);
    at += count;
    return String.fromCodePoint(parseInt(code, 16));
  }

  function numberOrName(): unknown {
    const token = /[+-]?(?:\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[A-Za-z]+)/y;
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found === undefined) return fail(at < text.length ? `${JSON.stringify(text[at])} begins no value` : 'the line ends here');
    const name = found.replace(/^[+-]/u, '');
    const digits = name.replaceAll('_', '');
    const plain = Object.hasOwn(NAMES, name) ? NAMES[name] : Number(digits);
    const result = /^\d{16,}$/u.test(digits) && !Number.isSafeInteger(plain) ? BigInt(digits) : plain;
    if (typeof result === 'number' && Number.isNaN(result) && name.toLowerCase() !== 'nan') fail(`${JSON.stringify(found)} is no value`);
    at += found.length;
    if (text[at] === 'L') at += 1; // a long integer of Python 2
    return found.startsWith('-') ? -(result as number | bigint) : result;
  }

  const result = value(0);
  skip();
  if (at < text.length) fail('text behind the end of the value');
  return result;
}
