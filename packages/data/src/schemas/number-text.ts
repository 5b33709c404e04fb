/** float32 holds at most so many decimal digits apart. */
const MOST_DIGITS = 9;

/** A float32 as it was written: in the fewest digits that give it again, `89.99` and not `89.98999786376953`, with its unit. */
export function numberText(value: number, unit?: string): string {
  const text = shortest(value);
  if (unit === undefined) return text;
  return unit.includes('{value}') ? unit.replace('{value}', () => text) : `${text} ${unit}`;
}

function shortest(value: number): string {
  const single = Math.fround(value);
  for (let digits = 1; digits < MOST_DIGITS; digits += 1) {
    const rounded = Number(single.toPrecision(digits));
    if (Math.fround(rounded) === single) return String(rounded);
  }
  return String(Number(single.toPrecision(MOST_DIGITS)));
}
