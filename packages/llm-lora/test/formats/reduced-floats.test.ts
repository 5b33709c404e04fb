import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expandBfloat16, expandHalf, halfToFloat, halfValues, toBfloat16, toHalf } from '../../src/formats/reduced-floats.js';

/** IEEE 754 binary16 by its definition. */
function byDefinition(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const ALL_HALVES = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const isNotANumber = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;

test('every half-precision number has the value that its bits define', () => {
  for (let bits = 0; bits < 65536; bits += 1) {
    if (!Object.is(halfToFloat(bits), byDefinition(bits))) expect(halfToFloat(bits)).toBe(byDefinition(bits));
    if (!Object.is(halfValues()[bits], byDefinition(bits))) expect(halfValues()[bits]).toBe(byDefinition(bits));
  }
});

test('every half-precision number survives the way through float32', () => {
  const floats = new Float32Array(65536);
  expandHalf(ALL_HALVES, floats, 0);
  const back = toHalf(floats);
  for (let bits = 0; bits < 65536; bits += 1) if (!isNotANumber(bits) && back[bits] !== bits) expect(back[bits]).toBe(bits);
});

test('rounding to half takes the nearest number, ties to even, and overflows to infinity', () => {
  for (let bits = 0; bits < 0x7bff; bits += 1) {
    const [below, above] = [byDefinition(bits), byDefinition(bits + 1)];
    const middle = (below + above) / 2; // exact in float32: one bit more than a half has
    const even = bits % 2 === 0 ? bits : bits + 1;
    const nudge = (above - below) / 8;
    const rounded = toHalf(Float32Array.of(middle, middle - nudge, middle + nudge, -middle));
    const expected = [even, bits, bits + 1, even | 0x8000];
    if (expected.some((value, i) => value !== rounded[i])) expect([...rounded]).toEqual(expected);
  }
  expect([...toHalf(Float32Array.of(65519, 65520, Infinity, -1e30, 1e-30, -1e-30))]).toEqual([0x7bff, 0x7c00, 0x7c00, 0xfc00, 0, 0x8000]);
  expect(toHalf(Float32Array.of(NaN)).every(isNotANumber)).toBe(true);
});

test('bfloat16 is the upper half of float32: exact one way, nearest with ties to even the other', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.nat(0xffff), (upper, lower) => {
      const float = new Float32Array(1);
      const bits = new Uint32Array(float.buffer);
      expandBfloat16(Uint16Array.of(upper), float, 0);
      expect(bits[0]).toBe(upper * 65536);
      bits[0] = upper * 65536 + lower;
      if (Number.isNaN(float[0])) return;
      const up = lower > 0x8000 || (lower === 0x8000 && upper % 2 === 1);
      expect(toBfloat16(float)[0]).toBe((upper + (up ? 1 : 0)) & 0xffff);
    }),
    { seed: 3 },
  );
  expect([...toBfloat16(Float32Array.of(NaN))].every((bits) => (bits & 0x7f80) === 0x7f80 && (bits & 0x7f) !== 0)).toBe(true);
});
