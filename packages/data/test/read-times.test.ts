import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeOfNumber, timeOfText } from '../src/read/times.js';

test('a date is read back from every way to write it, without a zone as UTC', () => {
  const date = fc.date({ min: new Date('1990-01-02T00:00:00Z'), max: new Date('2099-12-31T23:59:59Z'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (one) => {
      const iso = one.toISOString();
      const seconds = Math.floor(one.getTime() / 1000) * 1000;
      expect(timeOfText(iso, 'auto')).toBe(one.getTime());
      expect(timeOfText(iso.slice(0, 19).replace('T', ' '), 'auto')).toBe(seconds);
      expect(timeOfText(`${iso.slice(0, 19)}+05:30`, 'auto')).toBe(new Date(`${iso.slice(0, 19)}+05:30`).getTime());
      expect(timeOfText(iso.slice(0, 10), 'auto')).toBe(Date.parse(iso.slice(0, 10)));
      expect(timeOfText(String(seconds / 1000), 's')).toBe(seconds);
      expect(timeOfNumber(seconds / 1000, 'auto')).toBe(seconds);
      expect(timeOfNumber(one.getTime(), 'ms')).toBe(one.getTime());
    }),
    { examples: [[new Date('1999-12-31T23:59:59.999Z')]] },
  );
});

test.each([
  ['2018-02-30', 'auto'],
  ['2018-13-01', 'auto'],
  ['2018-01-01 25:00:00', 'auto'],
  ['2018-01-01 10:61:00', 'auto'],
  ['1989-12-31', 'auto'],
  ['2100-01-01', 'auto'],
  ['964982703000', 's'],
  ['964982703', 'ms'],
  ['-1', 's'],
  ['1,260,759,144', 's'],
  ['yesterday', 'auto'],
  ['', 'auto'],
] as const)('%s in %s is no time', (text, unit) => {
  expect(timeOfText(text, unit)).toBeNaN();
});
