/** Levels of lists and objects inside one another; no file that people or programs write has a tenth of them. */
const DEEPEST = 512;
const [QUOTE, BACKSLASH, LIST, LIST_END, OBJECT, OBJECT_END] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/**
 * `JSON.parse` for a text from elsewhere: one that is nested thousands of levels deep is refused, for whatever walks its value
 * afterwards (a schema, a copy, `JSON.stringify` for an error message) would run out of stack.
 * @throws SyntaxError for what is not JSON, or is nested more than 512 levels deep
 */
export function parseJson(text: string): unknown {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === LIST || code === OBJECT) {
      depth += 1;
      if (depth > DEEPEST) throw new SyntaxError(`it is nested more than ${DEEPEST} levels deep at position ${at}`);
    } else if (code === LIST_END || code === OBJECT_END) depth -= 1;
  }
  return JSON.parse(text) as unknown;
}

/** The place of the quotation mark that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
