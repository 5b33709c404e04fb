import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dequantizeQ8_0 } from '../../src/formats/gguf/dequantize.js';
import { quantizeQ8_0 } from '../../src/formats/gguf/quantize.js';
import { fixture } from './temporary-folder.js';

/** By gguf-py: tools/oracles/llm-lora_gguf_q8_0.py. */
const { values, blocks } = JSON.parse(readFileSync(fixture('gguf-q8_0.json'), 'utf8')) as Record<'values' | 'blocks', string>;

test('blocks of Q8_0 are those of gguf-py, byte for byte', () => {
  const floats = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer);
  expect(Buffer.from(quantizeQ8_0(floats)).toString('base64')).toBe(blocks);
});

test('a number that is stored so comes back within half a unit of its block, and a hair for the unit itself', () => {
  const block = fc.float32Array({ minLength: 32, maxLength: 32, min: -1000, max: 1000, noNaN: true });
  fc.assert(
    fc.property(block, (numbers) => {
      const back = new Float32Array(32);
      dequantizeQ8_0(quantizeQ8_0(numbers), back, 0);
      const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const off = numbers.reduce((most, value, i) => Math.max(most, Math.abs(back[i]! - value)), 0);
      expect(off).toBeLessThanOrEqual(largest * (0.5 / 127 + 6e-4) + 1e-5);
    }),
    { numRuns: 100, seed: 3 },
  );
});
