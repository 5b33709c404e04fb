import { describe, expect, test } from 'vitest';
import { FAMILIES } from '../../src/families/table.js';
import { testFamily, type FamilyCase } from './family-suite.js';

/** What is particular about a family's files. A family without an entry does not compile. */
const CASES: { readonly [K in keyof typeof FAMILIES]: FamilyCase } = {
  llama: { backends: ['cpu', 'onnx'], notInGguf: ['ropeScaling'] }, // factors of frequencies, in a tensor
  mistral: { ggufFamily: 'llama', notInGguf: ['windows'] }, // llama.cpp calls it so, and gives it no window
  qwen2: { notInGguf: ['windows'] }, // nor has its converter a key for this one's
  qwen3: {},
  gemma2: {},
  gemma3_text: {},
  phi3: {},
  smollm3: {},
  olmo2: {},
  gpt2: {},
};

for (const [name, each] of Object.entries(CASES)) describe(name, () => testFamily(name, each));

test('families are known by their names', () => {
  expect(Object.entries(FAMILIES).map(([key, { name }]) => [key, name])).toEqual(Object.keys(FAMILIES).map((key) => [key, key]));
});
