const SLOT = /\{([a-zA-Z]+)\}/gu;

/** The names of the slots in a text, in order. */
export function slotsOf(text: string): string[] {
  return Array.from(text.matchAll(SLOT), (match) => match[1]!);
}

/** The text without the lines that hold one of these slots. */
export function withoutLines(text: string, slots: readonly string[]): string {
  const lines = text.split(/(?<=\n)/u);
  return lines.filter((line) => !slotsOf(line).some((slot) => slots.includes(slot))).join('');
}

/** Fills the slots in one pass: what a value holds is never taken for a slot. Slots without a value stay. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(SLOT, (slot, name: string) => values[name] ?? slot);
}
