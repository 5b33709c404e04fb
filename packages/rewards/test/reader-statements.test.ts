import { defaultExplanationTemplate, defaultLcTemplate, readableText } from '@expctr/data';
import { describe, expect, test } from 'vitest';
import { readerStatements, stripVerdict } from '../src/index.js';

const { reasons, verdicts } = readerStatements();
const texts = (pairs: typeof reasons): string[] => pairs.flatMap(({ inFavor, against }) => [inFavor, against]);

test('there are at least 400 reasons-only statements and 100 verdicts, all of them different', () => {
  expect(reasons.length).toBeGreaterThanOrEqual(200);
  expect(texts(reasons).length).toBe(new Set(texts(reasons)).size);
  expect(verdicts.length).toBeGreaterThanOrEqual(50);
});

test('no slot of a frame is left unfilled and every item has a title and genres', () => {
  for (const { item, inFavor, against } of [...reasons, ...verdicts]) {
    expect(`${inFavor} ${against}`).not.toMatch(/[{}]|\ba [aeiou]|undefined| {2}/u);
    expect(item.title).toMatch(/ \(\d{4}\)$/u);
    expect(item.attributes['genres']?.length).toBeGreaterThanOrEqual(1);
  }
});

test('a pair differs in its direction, not in what it speaks of: its members have similar lengths', () => {
  const words = (text: string): number => text.split(' ').length;
  for (const { inFavor, against } of reasons) expect(Math.abs(words(inFavor) - words(against))).toBeLessThanOrEqual(3);
  const mean = (side: 'inFavor' | 'against'): number => reasons.reduce((sum, pair) => sum + words(pair[side]), 0) / reasons.length;
  expect(Math.abs(mean('inFavor') - mean('against'))).toBeLessThan(0.5);
});

test('every item meets statements of both sorts equally often', () => {
  const counts = new Map<string, number>();
  for (const { item } of reasons) counts.set(item.title, (counts.get(item.title) ?? 0) + 1);
  expect(new Set(counts.values())).toEqual(new Set([reasons.length / counts.size]));
});

describe('what reader and encoder see', () => {
  test('reasons-only statements survive stripVerdict and readableText unchanged', () => {
    const templates = [defaultExplanationTemplate, defaultLcTemplate];
    expect(texts(reasons).filter((text) => stripVerdict(text) !== text)).toEqual([]);
    expect(texts(reasons).filter((text) => readableText(text, templates) !== text)).toEqual([]);
  });

  test('nothing is left of a verdict', () => {
    expect(texts(verdicts).filter((text) => stripVerdict(text) !== '')).toEqual([]);
  });
});
