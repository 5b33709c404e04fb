import { rowsOf } from '@expctr/data';
import type { Reader } from '@expctr/rewards';
import { FINAL, POST_HOC, POST_HOC_SAMPLED, stage2Name } from '@expctr/run';
import { alignPolicy } from './align.js';
import { keptClickModel, type ClickModel, type ClickModels } from './click-model.js';
import { explanationSet } from './explanation-set.js';
import { ctrSlice } from './feature-store.js';
import type { HistoryBackbone } from './history-backbone.js';
import { historyReadings } from './history-readings.js';
import { POLICY, warn, type Pipeline } from './pipeline.js';
import type { Materials } from './predictors.js';
import { stageReward } from './stage-reward.js';
import { explanationVectors } from './vectors.js';

/** Stage 1: the LC reward on the policy slice. The adapter begins at zero, so the base model is the reference. */
export async function stage1(pipeline: Pipeline, reader: Reader): Promise<void> {
  const reward = stageReward(pipeline, 'stage1', reader, null);
  await alignPolicy(pipeline, { stage: 'stage1', iteration: 0, updates: pipeline.run.config.ppo.stage1Updates, reference: 'base', reward });
}

/** Stage 2: the policy, frozen, explains CTR and validation rows, and the history backbone is fitted with z as a feature. */
export async function stage2(pipeline: Pipeline, reader: Reader, history: HistoryBackbone, iteration: number): Promise<ClickModels> {
  const { interactions } = pipeline.data;
  const name = stage2Name(iteration);
  const fit = ctrSlice(interactions);
  const rows = Uint32Array.from([...fit.rows, ...rowsOf(interactions, 'valid')]);
  const set = await explanationSet(pipeline, reader, { name, rows, readRows: [], adapter: POLICY, stage: 'stage2', iteration });
  const vectors = (): ReturnType<typeof explanationVectors> => explanationVectors(pipeline, rows, set);
  const withZ = await keptClickModel(pipeline, { basis: history.basis, fit, vectors, logged: { name: 'expctr-aug', iteration } });
  let withoutZ: Promise<ClickModel> | undefined;
  return {
    withZ,
    withoutZ: () => (withoutZ ??= history.open()),
    async dispose() {
      await withZ.dispose();
      await (await withoutZ)?.dispose();
    },
  };
}

/** Stage 3: the IC reward of stage 2's CTR model. The policy as it is now, frozen, is the reference. */
export async function stage3(pipeline: Pipeline, reader: Reader, clicks: ClickModels, iteration: number): Promise<void> {
  const reward = stageReward(pipeline, 'stage3', reader, clicks);
  await alignPolicy(pipeline, { stage: 'stage3', iteration, updates: pipeline.run.config.ppo.stage3Updates, reference: 'copy', reward });
}

/** Most rows that the sampled base explains: so many show a difference in F1 of a hundredth, and nothing else asks for them. */
const SAMPLED_ROWS = 1500;

/** The final policy and the base model explain CTR, validation and test rows, and the base model reads their histories. */
export async function explainAll(pipeline: Pipeline, reader: Reader, history: HistoryBackbone): Promise<Materials> {
  const { run, data, models } = pipeline;
  const { config, folder } = run;
  await run.artifacts.once('adapter-final', () => models.policy.adapters.save(POLICY, folder.adapter(FINAL)), [folder.adapter(FINAL)]);
  const [ctr, valid, test] = [
    rowsOf(data.interactions, 'train', 'ctr'),
    rowsOf(data.interactions, 'valid'),
    rowsOf(data.interactions, 'test'),
  ];
  const predicted = Uint32Array.from([...ctr, ...valid, ...test]);
  const rows = Uint32Array.from([...predicted, ...auditRows(pipeline)]);
  const explain = (name: string, options: Omit<Parameters<typeof explanationSet>[2], 'name' | 'stage'>) =>
    explanationSet(pipeline, reader, { name, stage: name, ...options });
  const final = await explain(FINAL, { rows, readRows: rows, adapter: POLICY, iteration: config.iterations });
  const postHoc = await explain(POST_HOC, { rows: predicted, readRows: test, adapter: null, iteration: 0 });
  if (data.truth !== null) {
    // Where quality is measured, gains count over the better of the greedy and the sampled base; and it is measured on rows of these.
    const measured = config.iterations > 0 ? [...ctr, ...valid] : [...test];
    const some = Uint32Array.from(run.rng.fork('sampled-base').shuffle(measured).slice(0, SAMPLED_ROWS)).sort();
    await explain(POST_HOC_SAMPLED, { rows: some, readRows: [], adapter: null, iteration: 0, temperature: config.ppo.temperature });
  }
  await run.artifacts.once('prompt-lengths', () => Promise.resolve(warnOfShortened(pipeline, rows)));
  return { history, final, postHoc, icl: await historyReadings(pipeline, reader, predicted) };
}

/**
 * The audit of leakage compares p_LC of policy rows, whose labels the policy was trained on, with that of CTR and validation rows,
 * which it has not seen. As many policy rows are drawn as there are validation rows.
 */
function auditRows({ run, data: { interactions } }: Pipeline): Uint32Array {
  const count = rowsOf(interactions, 'valid').length;
  return run.rng
    .fork('audit')
    .shuffle(rowsOf(interactions, 'train', 'policy').slice())
    .slice(0, count);
}

function warnOfShortened({ run, data: { prompts } }: Pipeline, rows: Uint32Array): void {
  const dropped = rows.filter((row) => prompts.dropped(row) > 0);
  if (dropped.length === 0) return;
  const entries = dropped.reduce((sum, row) => sum + prompts.dropped(row), 0);
  warn(
    run,
    'PROMPT_SHORTENED',
    `${dropped.length} of ${rows.length} prompts were longer than llm.maxPromptTokens and lost their oldest history entries, ${entries} in all`,
  );
}
