import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rowsOf } from '@expctr/data';
import type { Reader } from '@expctr/rewards';
import { TRUTH_FILE } from '@expctr/testbed';
import { alignPolicy } from './align.js';
import { fitClickModel, type ClickModel } from './click-model.js';
import { explanationSet } from './explanation-set.js';
import { POLICY, warn, type Parts } from './parts.js';
import type { Materials } from './predictors.js';
import { stageReward } from './stage-reward.js';
import { explanationVectors } from './vectors.js';

/** Stage 1: PPO with the LC reward on the policy slice. The adapter begins at zero, so the base model is the reference. */
export async function stage1(parts: Parts, reader: Reader): Promise<void> {
  const { reward, describe } = stageReward(parts, 'stage1', { reader });
  await alignPolicy(parts, { stage: 'stage1', iteration: 0, updates: parts.config.ppo.stage1Updates, reference: 'base', reward, describe });
}

/** What stage 2 gives to stage 3. */
export interface ClickModels {
  readonly withZ: ClickModel;
  /** The ID-only model, where it is the IC reward's teacher. */
  readonly idOnly: ClickModel | null;
}

/** Stage 2: the policy, frozen, explains CTR and validation rows, and a CTR model is fitted with z as a feature. */
export async function stage2(parts: Parts, reader: Reader, iteration: number): Promise<ClickModels> {
  const { config, folder, interactions } = parts;
  const name = `stage2-${iteration}`;
  const fitRows = rowsOf(interactions, 'train', 'ctr');
  const rows = Uint32Array.from([...fitRows, ...rowsOf(interactions, 'valid')]);
  const set = await explanationSet(parts, reader, { name, rows, readRows: [], adapter: POLICY, stage: 'stage2', iteration });
  const withZ = await fitClickModel(parts, {
    name: 'expctr-aug',
    iteration,
    fitRows,
    vectors: () => explanationVectors(parts, rows, set),
    folder: folder.checkpoint(name, 'with-z'),
  });
  if (config.rewards.icTarget !== 'teacher') return { withZ, idOnly: null };
  const idOnly = await fitClickModel(parts, {
    name: 'id-only',
    iteration,
    fitRows,
    vectors: null,
    folder: folder.checkpoint(name, 'id-only'),
  });
  return { withZ, idOnly };
}

/** Stage 3: PPO with the IC reward of stage 2's CTR model. The policy as it is now, frozen, is the reference. */
export async function stage3(parts: Parts, reader: Reader, clicks: ClickModels, iteration: number): Promise<void> {
  const { reward, describe } = stageReward(parts, 'stage3', { reader, clicks });
  await alignPolicy(parts, { stage: 'stage3', iteration, updates: parts.config.ppo.stage3Updates, reference: 'copy', reward, describe });
}

/** The final policy and the base model explain CTR, validation and test rows. */
export async function explainAll(parts: Parts, reader: Reader): Promise<Materials> {
  const { checkpoints, config, folder, interactions, policy } = parts;
  await policy.adapters.save(POLICY, folder.adapter('final'));
  const [ctr, valid, test] = [rowsOf(interactions, 'train', 'ctr'), rowsOf(interactions, 'valid'), rowsOf(interactions, 'test')];
  const rows = Uint32Array.from([...ctr, ...valid, ...test, ...auditRows(parts)]);
  const final = await explanationSet(parts, reader, {
    name: 'final',
    rows,
    readRows: rows,
    adapter: POLICY,
    stage: 'final',
    iteration: config.iterations,
  });
  const postHoc = await explanationSet(parts, reader, {
    name: 'post-hoc',
    rows: Uint32Array.from([...ctr, ...valid, ...test]),
    readRows: test,
    adapter: null,
    stage: 'post-hoc',
    iteration: 0,
  });
  if (existsSync(join(folder.data, TRUTH_FILE))) {
    // Where quality is measured, gains count over the better of the greedy and the sampled base.
    const { temperature } = config.ppo;
    await explanationSet(parts, reader, {
      name: 'post-hoc-sampled',
      rows,
      readRows: [],
      adapter: null,
      stage: 'post-hoc-sampled',
      iteration: 0,
      temperature,
    });
  }
  await checkpoints.once('prompt-lengths', () => Promise.resolve(warnOfShortened(parts, rows)));
  return { reader, final, postHoc };
}

/**
 * The audit of leakage compares p_LC of policy rows, whose labels the policy was trained on, with that of CTR and validation rows,
 * which it has not seen. As many policy rows are drawn as there are validation rows.
 */
function auditRows({ interactions, rng }: Parts): Uint32Array {
  const count = rowsOf(interactions, 'valid').length;
  return rng
    .fork('audit')
    .shuffle(rowsOf(interactions, 'train', 'policy').slice())
    .slice(0, count);
}

function warnOfShortened(parts: Parts, rows: Uint32Array): void {
  const dropped = rows.filter((row) => parts.prompts.dropped(row) > 0);
  if (dropped.length === 0) return;
  const entries = dropped.reduce((sum, row) => sum + parts.prompts.dropped(row), 0);
  warn(
    parts,
    'PROMPT_SHORTENED',
    `${dropped.length} of ${rows.length} prompts were longer than llm.maxPromptTokens and lost their oldest history entries, ${entries} in all`,
  );
}
