import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { architecturePicture, PICTURE_FILE } from '../architecture-picture.js';
import { BOX, layOut } from '../picture/layout.js';
import { packageNodes } from '../picture/packages.js';

function repositoryOf(needs: Readonly<Record<string, readonly string[]>>): string {
  const root = mkdtempSync(join(tmpdir(), 'expctr-packages-'));
  mkdirSync(join(root, 'apps'));
  for (const [name, needed] of Object.entries(needs)) {
    mkdirSync(join(root, 'packages', name), { recursive: true });
    const dependencies = Object.fromEntries(needed.map((each) => [`@expctr/${each}`, '*']));
    writeFileSync(join(root, 'packages', name, 'package.json'), JSON.stringify({ dependencies: { ...dependencies, zod: '*' } }));
  }
  return root;
}

test('docs/architecture.svg is that of the packages as they are (npm run tool tools/docs/architecture-picture.ts draws it anew)', () => {
  expect(readFileSync(PICTURE_FILE, 'utf8')).toBe(architecturePicture());
});

test('an arrow that follows from others is left out, and a package stands above all that it needs', () => {
  const nodes = packageNodes(repositoryOf({ core: [], data: ['core'], run: ['core', 'data'] }));
  expect(nodes.map(({ name, standsOn, level }) => [name, standsOn, level])).toEqual([
    ['core', [], 0],
    ['data', ['core'], 1],
    ['run', ['data'], 2],
  ]);
  const { boxes } = layOut(nodes);
  expect(boxes.get('run')!.y).toBeLessThan(boxes.get('data')!.y);
});

test('boxes of a row stand beside one another, however many there are', () => {
  const names = Array.from({ length: 9 }, (_, at) => `p${at}`);
  const { boxes, width } = layOut(packageNodes(repositoryOf(Object.fromEntries(names.map((name) => [name, []])))));
  const middles = names.map((name) => boxes.get(name)!.x).sort((a, b) => a - b);
  for (const [at, x] of middles.entries()) {
    expect(x - (middles[at - 1] ?? -BOX.width / 2)).toBeGreaterThan(BOX.width);
    expect(x + BOX.width / 2).toBeLessThan(width);
  }
});

test('packages that need each other in a circle are refused', () => {
  expect(() => packageNodes(repositoryOf({ a: ['b'], b: ['a'] }))).toThrow('b > a > b');
});
