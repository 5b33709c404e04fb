import { chooseBackbone, selectRows } from '@expctr/ctr-models';
import { rowsOf } from '@expctr/data';
import { jsonCodec } from '@expctr/run';
import { ctrOptions, ctrStream, readClickModel, type ClickModel } from './click-model.js';
import { ctrSlice, type Basis } from './feature-store.js';
import type { Pipeline } from './pipeline.js';

/** The strongest CTR model that knows the history in every form: what explanations are added to, and what they have to beat. */
export interface HistoryBackbone {
  readonly basis: Basis;
  /** Predictor `id-history`: the model without vectors, fitted on the CTR slice. */
  open(): Promise<ClickModel>;
}

/**
 * Of the backbones of `ctr.history`, each with each penalty of `ctr.historyL2`, fitted on the CTR slice with all that the visible
 * history says, the one that ranks the validation rows best. It is chosen once a run: every predictor with vectors, and stage 2, stand
 * on it.
 */
export async function historyBackbone(pipeline: Pipeline): Promise<HistoryBackbone> {
  const { artifacts, folder } = pipeline.run;
  const path = folder.checkpoint('ctr-id-history');
  const codec = jsonCodec<Basis>(folder.checkpoint('history-backbone.json'));
  const basis = await artifacts.artifact('history-backbone', () => choose(pipeline, path), { ...codec, files: [...codec.files, path] });
  return { basis, open: () => readClickModel(pipeline, path, { basis, fit: ctrSlice(pipeline.data.interactions), vectors: null }) };
}

async function choose({ run, data }: Pipeline, path: string): Promise<Basis> {
  const { config, artifacts, progress, registry } = run;
  const fit = ctrSlice(data.interactions);
  const validRows = rowsOf(data.interactions, 'valid');
  const bases = config.ctr.history.flatMap((backbone) =>
    config.ctr.historyL2.map((embeddingL2): Basis => ({ backbone, embeddingL2, evidence: true })),
  );
  const nameOf = ({ backbone, embeddingL2 }: Basis): string => `${backbone}, L2 ${embeddingL2}`;
  const task = progress.begin('history backbones', bases.length, 'models');
  const { chosen, validAuc, model } = await chooseBackbone({
    candidates: bases.map((basis) => {
      const features = data.features(fit, basis);
      const [train, valid] = [selectRows(features, fit.rows), selectRows(features, validRows)];
      return { backbone: basis.backbone, train, valid, options: ctrOptions(run, basis) };
    }),
    backbones: registry.backbones,
    rng: ctrStream(run),
    onEpoch: (at, { epoch, metrics }) =>
      artifacts.log.write({ event: 'ctr-epoch', model: `id-history: ${nameOf(bases[at]!)}`, iteration: 0, epoch, metrics }),
  });
  await model.save(path);
  await model.dispose();
  const candidates = bases.map(({ backbone, embeddingL2 }, at) => ({ backbone, embeddingL2, validAuc: validAuc[at]! }));
  artifacts.log.write({ event: 'history-backbone', chosen, candidates });
  task.done(`${nameOf(bases[chosen]!)} chosen`);
  return bases[chosen]!;
}
