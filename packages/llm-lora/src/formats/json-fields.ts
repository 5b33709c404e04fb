/**
 * The text of a JSON object with some of its fields set, and all others as they are written: `9.0` stays a real number to whoever tells it
 * from `9`, as transformers does.
 * @param text a valid JSON object @param fields what is set, in place where the field is there, else at the end
 */
export function withJsonFields(text: string, fields: Readonly<Record<string, unknown>>): string {
  let result = '';
  let copied = 0;
  const found = new Set<string>();
  const values = valuesOf(text);
  for (const { key, begin, end } of values) {
    if (!Object.hasOwn(fields, key)) continue;
    result += text.slice(copied, begin) + JSON.stringify(fields[key]);
    copied = end;
    found.add(key);
  }
  const close = text.lastIndexOf('}');
  const added = Object.entries(fields).filter(([key]) => !found.has(key));
  const separator = values.length === 0 ? '' : ',';
  const body = result + text.slice(copied, close).trimEnd();
  if (added.length === 0) return `${body}\n${text.slice(close)}`;
  return `${body}${separator}\n${added.map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(',\n')}\n${text.slice(close)}`;
}

/** Where the values of the outermost object stand. */
function valuesOf(text: string): { readonly key: string; readonly begin: number; readonly end: number }[] {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gsu;
  const found: { key: string; begin: number; end: number }[] = [];
  let depth = 0;
  let key: string | null = null;
  let begin = -1;
  let end = -1;
  for (const { 0: lexeme, index } of text.matchAll(token)) {
    if (lexeme === '}' || lexeme === ']') depth -= 1;
    if ((depth === 1 && lexeme === ',') || depth === 0) {
      if (key !== null && begin >= 0) found.push({ key, begin, end });
      [key, begin] = [null, -1];
    } else if (depth === 1 && key === null) key = JSON.parse(lexeme) as string;
    else if (!(depth === 1 && lexeme === ':')) {
      if (begin < 0) begin = index;
      end = index + lexeme.length;
    }
    if (lexeme === '{' || lexeme === '[') depth += 1;
  }
  return found;
}
