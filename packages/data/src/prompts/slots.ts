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

/** What stands for a slot, or what writes it where a text has that slot. */
export type SlotValue = string | (() => string);

/** Fills the slots in one pass: what a value holds is never taken for a slot. Slots without a value stay. */
export function fill(text: string, values: Readonly<Record<string, SlotValue>>): string {
  return text.replace(SLOT, (slot, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return typeof value === 'function' ? value() : (value ?? slot);
  });
}
