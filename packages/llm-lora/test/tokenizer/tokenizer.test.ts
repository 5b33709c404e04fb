import { modelAsset } from '@expctr/test-support';
import { expect, test } from 'vitest';
import { loadTokenizer } from '../../src/tokenizer/load-tokenizer.js';

const MODELS = ['stories260K', 'SmolLM2-135M-Instruct'] as const;

for (const model of MODELS) {
  const asset = modelAsset(model);
  test.skipIf(asset.missing)(`${model}: a prompt followed by a continuation decodes to both texts`, async () => {
    const tokenizer = await loadTokenizer(asset.path);
    const prompt = tokenizer.encode({ form: 'completion', text: 'Once upon a time' });
    const ids = [...prompt, ...tokenizer.encodeText(' Yes')];
    expect(tokenizer.decode(ids)).toBe('Once upon a time Yes');
    expect(tokenizer.decodeText(tokenizer.encodeText(' Yes'))).toBe(' Yes');
  });
}
