/** Unicode scripts that living languages are written in. Letters of others belong to no script here, unless they are asked for by name. */
const SCRIPTS = [
  ...['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Hebrew', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo', 'Thai', 'Lao', 'Khmer'],
  ...['Myanmar', 'Tibetan', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam'],
  ...['Sinhala', 'Georgian', 'Armenian', 'Ethiopic', 'Mongolian', 'Syriac', 'Thaana', 'Cherokee', 'Yi', 'Tifinagh', 'Nko', 'Javanese'],
  ...['Canadian_Aboriginal', 'Ol_Chiki', 'Balinese', 'Sundanese', 'Adlam', 'Meetei_Mayek'],
] as const;

/** Letters that several scripts share, such as the Japanese mark of length, belong to each of them (Script_Extensions). */
const patternOf = (script: string): RegExp => new RegExp(String.raw`\p{Script_Extensions=${script}}`, 'u');

/** Whether Unicode knows a script by this name. */
export function isScript(name: string): boolean {
  try {
    return /^\w+$/u.test(name) && patternOf(name) instanceof RegExp;
  } catch {
    return false;
  }
}

/** The letters of a text. */
export function lettersOf(text: string): string[] {
  return text.match(/\p{L}/gu) ?? [];
}

/** Tells whether a letter belongs to one of these scripts. */
export function inScripts(scripts: readonly string[]): (letter: string) => boolean {
  const patterns = scripts.map(patternOf);
  const known = new Map<string, boolean>();
  return (letter) => {
    const before = known.get(letter);
    if (before !== undefined) return before;
    const found = patterns.some((pattern) => pattern.test(letter));
    known.set(letter, found);
    return found;
  };
}

/**
 * The scripts in which texts are written: those that hold at least `share` of their letters, in the order of how many they hold. A few
 * foreign names do not make a script one of the texts'.
 */
export function scriptsOf(texts: Iterable<string>, share = 0.01): string[] {
  const counts = new Map<string, number>();
  let all = 0;
  for (const text of texts) {
    for (const letter of lettersOf(text)) {
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
      all += 1;
    }
  }
  const held = SCRIPTS.map((script) => {
    const belongs = inScripts([script]);
    return { script, letters: [...counts].reduce((sum, [letter, count]) => sum + (belongs(letter) ? count : 0), 0) };
  });
  return held
    .filter(({ letters }) => letters > 0 && letters >= share * all)
    .sort((a, b) => b.letters - a.letters)
    .map(({ script }) => script);
}
