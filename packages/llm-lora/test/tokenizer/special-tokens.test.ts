import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelAsset } from '@expctr/test-support';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../src/tokenizer/load-tokenizer.js';
import { fixture, temporaryFolder } from '../formats/temporary-folder.js';

/** What transformers makes of the files of a case: tools/oracles/llm-lora_special_tokens.py. */
interface Case {
  readonly name: string;
  readonly config: object;
  readonly names: object | null;
  readonly ids: number[];
  readonly bos: number | null;
  readonly eos: number | null;
  readonly pad: number | null;
  readonly size: number;
}

const stories = modelAsset('stories260K');
const path = temporaryFolder();
const cases = JSON.parse(await readFile(fixture('special-tokens.json'), 'utf8')) as Case[];
const chat = { form: 'chat', messages: [{ role: 'user', content: 'Hi' }] } as const;

async function write(files: Record<string, object>): Promise<void> {
  await cp(join(stories.path, 'tokenizer.json'), path('tokenizer.json'));
  for (const [name, content] of Object.entries(files)) await writeFile(path(name), JSON.stringify(content));
}

describe.skipIf(stories.missing)('special tokens beside tokenizer.json are those of transformers', () => {
  test.each(cases)('$name', async ({ config, names, ids, bos, eos, pad, size }) => {
    await write({ 'tokenizer_config.json': config, ...(names === null ? {} : { 'special_tokens_map.json': names }) });
    const tokenizer = await loadTokenizer(path());
    expect([...tokenizer.encode(chat)]).toEqual(ids);
    expect(tokenizer).toMatchObject({ bosTokenId: bos, eosTokenIds: eos === null ? [] : [eos], padTokenId: pad, vocabularySize: size });
    for (const id of ids.filter((each) => each >= 512)) {
      const text = ['<|u|>', '<|e|>', '<|m|>'].find((each) => [...tokenizer.encodeText(each)].includes(id));
      expect(text).toBeUndefined(); // data cannot write them
      expect(tokenizer.decode([id])).toBe('');
    }
  });

  test('added_tokens.json names tokens and their ids', async () => {
    const { config } = cases[0]!;
    const plain = { ...config, extra_special_tokens: undefined };
    await write({ 'tokenizer_config.json': plain, 'added_tokens.json': { '<|e|>': 513, '<|u|>': 512 } });
    const ids = [...(await loadTokenizer(path())).encode(chat)];
    expect([ids[0], ids.at(-1)]).toEqual([512, 513]);
    await write({ 'added_tokens.json': { '<|e|>': 700, '<|u|>': 512 } });
    await expect(loadTokenizer(path())).rejects.toMatchObject({
      code: 'TOKENIZER_UNSUPPORTED',
      message: expect.stringMatching(/<\|e\|>.*700.*513/) as string,
    });
  });
});
