/** The decimal `digits` / 10^`scale`: a whole one with all its digits (a bigint beyond 2^53), else the nearest double. */
export function decimalOf(digits: bigint, scale: number): number | bigint {
  const unit = 10n ** BigInt(Math.max(0, scale));
  if (digits % unit !== 0n) return Number(`${digits}e${-scale}`);
  const whole = scale < 0 ? digits * 10n ** BigInt(-scale) : digits / unit;
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

/** A decimal written out, such as `-12.50`. */
export function decimalOfText(text: string): number | bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return decimalOf(BigInt(whole + fraction), fraction.length);
}
