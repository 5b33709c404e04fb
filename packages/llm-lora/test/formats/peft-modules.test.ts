import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { LoraConfig } from '../../src/formats/adapter.js';
import { parsePeftConfig } from '../../src/formats/peft/config.js';
import { loraModules } from '../../src/formats/peft/modules.js';
import { fromPython, toPython } from '../../src/formats/peft/python-pattern.js';
import { failure } from './failure.js';
import { fixture } from './temporary-folder.js';

type Found = Readonly<Record<string, readonly [rank: number, alpha: number]>>;

/** target_modules, exclude_modules, layers_to_transform, layers_pattern, rank_pattern, alpha_pattern; what tools/oracles/llm-lora_peft_modules.py finds */
type Case = readonly [...fields: unknown[], found: Found];

const { names, cases } = JSON.parse(readFileSync(fixture('peft-modules.json'), 'utf8')) as {
  readonly names: readonly string[];
  readonly cases: readonly Case[];
};

test('modules, ranks and alphas are those that peft finds', () => {
  for (const [target_modules, exclude_modules, layers_to_transform, layers_pattern, rank_pattern, alpha_pattern, found] of cases) {
    const json = { peft_type: 'LORA', r: 16, lora_alpha: 32, target_modules, exclude_modules, layers_to_transform, layers_pattern };
    const config = parsePeftConfig({ ...json, rank_pattern, alpha_pattern }, 'adapter_config.json', []);
    const modules = loraModules(config, names, 'adapter');
    const got = Object.fromEntries([...modules].map(([name, { rank, alpha }]) => [names.indexOf(name), [rank, alpha]]));
    expect(got, JSON.stringify(json)).toEqual(found);
  }
});

test('a scale is that of its own rank and alpha', () => {
  const patterns = { rankPattern: { k_proj: 4 }, alphaPattern: { k_proj: 10 } };
  const config: LoraConfig = { rank: 16, alpha: 32, targetModules: ['q_proj', 'k_proj'], ...patterns };
  const scales = (more: Partial<LoraConfig>): number[] =>
    [...loraModules({ ...config, ...more }, ['layers.0.self_attn.q_proj', 'layers.0.self_attn.k_proj'], 'adapter').values()].map(({ scale }) => scale); // prettier-ignore
  expect(scales({})).toEqual([2, 2.5]);
  expect(scales({ rankStabilized: true })).toEqual([8, 5]);
});

test('a pattern that would take for ever is stopped, and named', () => {
  const config: LoraConfig = { rank: 2, alpha: 2, targetModules: /(?:(?:\w+)*\.)*!/ };
  const long = Array.from({ length: 4 }, (_, index) => `layers.${index}.${'a'.repeat(60)}`);
  expect(() => loraModules(config, long, 'adapter x')).toThrow(failure('ADAPTER_PATTERN', 'adapter x', 'half a second', '\\w+'));
  const twice: LoraConfig = { rank: 2, alpha: 2, targetModules: ['q_proj'], layersToTransform: 1, layersPattern: '(?P<idx>l)ayers' };
  expect(() => loraModules(twice, ['layers.1.q_proj'], 'adapter x')).toThrow(failure('ADAPTER_PATTERN', 'cannot be matched', 'idx'));
  const names = ['layers.0.q_proj', 'layers.1.q_proj'];
  expect([...loraModules({ ...config, targetModules: /.*q_proj/g }, names, 'adapter x').keys()]).toEqual(names);
});

test.each([
  ['q_proj\\Z', 'Z'],
  ['(?>a)b', '(?>a'],
  ['a++', '++'],
  ['[]a]', 'bracket'],
  ['(?i:a)', '(?i:'],
  ['a(', 'group'],
  ['\\p{L}', 'p'],
])('%s is not read, for its %s', (text, part) => {
  expect(() => fromPython(text)).toThrow(SyntaxError);
  expect(() => fromPython(text)).toThrow(part);
});

test('a pattern is the same text again once it was read', () => {
  const piece = fc.constantFrom('a', '.', '\\.', '\\d+', '(', '(?:', '(?P<n>', ')', '|', '[ab]', '[^.]', '*', '?', '{2}', '^', '$', '\\w', '(?<=q)', '(?!x)', '/', '_'); // prettier-ignore
  const reads = (text: string): boolean => {
    try {
      return fromPython(text).source !== '';
    } catch {
      return false;
    }
  };
  const text = fc
    .tuple(fc.constantFrom('', '(?i)'), fc.array(piece, { minLength: 1, maxLength: 8 }))
    .map(([flags, pieces]) => flags + pieces.join(''))
    .filter(reads);
  fc.assert(
    fc.property(text, (python) => {
      const pattern = fromPython(python);
      if (pattern.source !== '(?:)') expect(toPython(pattern)).toBe(python);
    }),
    { numRuns: 300, seed: 5 },
  );
});
