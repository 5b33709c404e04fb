import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { familiesWith } from '../../src/families/find.js';
import { describeGguf } from '../../src/formats/gguf/describe.js';
import { openGguf } from '../../src/formats/gguf/open.js';
import { failure } from './failure.js';
import { ggufBytes, llamaEntries, type Entry } from './gguf-bytes.js';
import { temporaryFolder } from './temporary-folder.js';

const path = temporaryFolder();
const number = (key: string, value: number): Entry => ({ key: `llama.rope.${key}`, type: 'f32', value });
const type = (value: string): Entry => ({ key: 'llama.rope.scaling.type', type: 'string', value });

async function scaling(...entries: Entry[]): Promise<unknown> {
  await writeFile(path('model.gguf'), ggufBytes(llamaEntries(...entries), []));
  const file = await openGguf(path('model.gguf'));
  try {
    const { config } = await describeGguf(file, familiesWith(), null, '');
    return (config as { ropeScaling?: unknown }).ropeScaling;
  } finally {
    await file.close();
  }
}

test.each<[string, Entry[], number | null]>([
  ['type and factor', [type('linear'), number('scaling.factor', 8)], 8],
  ['a factor without a type is linear', [number('scaling.factor', 8)], 8],
  ['the key of 2023', [number('scale_linear', 2.5)], 2.5],
  ['the key of 2023 with a type', [type('linear'), number('scale_linear', 2.5)], 2.5],
  ['the newer key comes before the older', [number('scaling.factor', 8), number('scale_linear', 2.5)], 8],
  ['type none', [type('none'), number('scaling.factor', 8), number('scale_linear', 2.5)], null],
  ['a factor of 0 or 1 is none', [number('scaling.factor', 0)], null],
  ['a scale of 1 is none', [number('scale_linear', 1)], null],
  ['nothing', [], null],
])('rotary scaling in GGUF metadata as llama.cpp takes it: %s', async (_, entries, factor) => {
  expect(await scaling(...entries)).toEqual(factor === null ? null : { type: 'linear', factor });
});

test.each<[Entry[], ...string[]]>([
  [[type('ntk'), number('scaling.factor', 8)], 'llama.rope.scaling.type', 'ntk'],
  [[type('yarn'), number('scaling.factor', 0)], 'llama.rope.scaling.factor', '0'],
  [[type('linear')], 'llama.rope.scaling.factor', 'missing'],
  [[number('scale_linear', -2)], 'llama.rope.scale_linear', '-2'],
])('what cannot be is refused by its key', async (entries, ...parts) => {
  await expect(scaling(...entries)).rejects.toThrow(failure('CONFIG_BAD_FIELD', ...parts));
});
