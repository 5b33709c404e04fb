import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PREDICTORS } from '@expctr/data';
import { dataAsset, modelAsset } from '@expctr/test-support';
import { expect, test } from 'vitest';
import { resolveConfig } from '../src/config/resolve.js';
import { runFolder } from '@expctr/run';
import { train } from '../src/train.js';

const [data, llm, encoder] = [dataAsset('ml-latest-small'), modelAsset('stories260K'), modelAsset('all-MiniLM-L6-v2')];
const missing = [data, llm, encoder].find((asset) => asset.missing)?.missing ?? false;

test.skipIf(missing)(
  'MovieLens, stories260K and MiniLM go through all stages to a report',
  async () => {
    const settings = await resolveConfig({
      preset: 'movielens-small',
      flags: { dataDir: data.path, 'llm.model': llm.path, 'encoder.model': encoder.path },
      sets: [
        'data.maxInteractions=200',
        'llm.maxNewTokens=12',
        'llm.maxPromptTokens=480',
        'data.history.length=3',
        'reader.onFail=warn', // stories260K cannot read
        'reader.form=continuation',
        'ctr.epochs=3',
        'ppo.stage1Updates=2',
        'ppo.stage3Updates=2',
      ],
    });
    const folder = runFolder(join(await mkdtemp(join(tmpdir(), 'expctr-real-')), 'run'));
    const metrics = await train(settings, { folder });
    for (const model of PREDICTORS) expect(metrics.predictors[model]?.auc, model).toBeTypeOf('number');
    expect(metrics.warnings.map(({ code }) => code)).not.toContain('RUN_GENERATED');
  },
  240_000,
);
