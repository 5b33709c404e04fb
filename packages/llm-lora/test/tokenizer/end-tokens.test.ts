import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelAsset } from '@expctr/test-support';
import { describe, expect, test } from 'vitest';
import { loadCausalLM } from '../../src/policy/causal-lm.js';
import { loadTokenizer } from '../../src/tokenizer/load-tokenizer.js';
import { temporaryFolder } from '../formats/temporary-folder.js';

const stories = modelAsset('stories260K');
const path = temporaryFolder();

async function write(files: Record<string, object>): Promise<void> {
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) await cp(join(stories.path, name), path(name));
  for (const [name, content] of Object.entries(files)) await writeFile(path(name), JSON.stringify(content));
}

describe.skipIf(stories.missing)('end tokens', () => {
  test.each<[string, Record<string, object>, number[]]>([
    ['a list in generation_config.json', { 'generation_config.json': { eos_token_id: [2, 300] } }, [2, 300]],
    ['one id there that is not the tokenizer’s', { 'generation_config.json': { eos_token_id: 300 } }, [2, 300]],
    ['generation_config.json before config.json', { 'generation_config.json': { eos_token_id: 300 }, 'config.json': { eos_token_id: 301 } }, [2, 300]], // prettier-ignore
    ['config.json alone', { 'config.json': { eos_token_id: [300, 301] } }, [2, 300, 301]],
    ['a generation_config.json without any', { 'generation_config.json': { eos_token_id: null }, 'config.json': { eos_token_id: 301 } }, [2, 301]], // prettier-ignore
    ['neither file', {}, [2]],
  ])('%s', async (_, files, ends) => {
    await write(files);
    expect((await loadTokenizer(path())).eosTokenIds).toEqual(ends);
  });

  test('a model loads with them, those of its folder among the tokenizer’s', async () => {
    await cp(stories.path, path('model'), { recursive: true });
    await writeFile(path('model', 'generation_config.json'), '{"eos_token_id": [300]}');
    const policy = await loadCausalLM(path('model'));
    expect(policy.config.eosTokenIds).toEqual([300]);
    expect(policy.tokenizer.eosTokenIds).toEqual([2, 300]);
    await policy.dispose();
  });

  test('ids that are none are refused by file and field', async () => {
    await write({ 'generation_config.json': { eos_token_id: ['</s>'] } });
    const error = { code: 'CONFIG_BAD_FIELD', message: expect.stringMatching(/generation_config\.json.*eos_token_id/) as string };
    await expect(loadTokenizer(path())).rejects.toMatchObject(error);
  });
});
