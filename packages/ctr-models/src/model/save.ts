import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { isLarge, servingModel, writeModel } from '../export/export-onnx.js';
import type { EpochReport } from '../fit/epoch-report.js';
import type { ResolvedFitOptions } from '../fit/options.js';
import type { FeatureSchema } from '../features/schema.js';
import type { ModelState } from './predictor.js';
import { writeSafetensors } from './safetensors.js';
import { modelTensors } from './tensors.js';

/** Files of a model folder. */
export const MODEL_FILES = { config: 'config.json', tensors: 'tensors.safetensors', graph: 'model.onnx' } as const;

/** What config.json holds. */
export interface SavedConfig {
  /** Version of the folder's form. */
  readonly format: 'ctr-model/2';
  /** The backbone: its name, and its own options, none left out. */
  readonly backbone: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** How it was fitted. */
  readonly options: ResolvedFitOptions;
  /** The epochs of the fit. */
  readonly epochs: readonly EpochReport[];
  /** The epoch whose parameters it has. */
  readonly bestEpoch: number;
  /** SHA-256 of tensors.safetensors: files of two models do not mix. */
  readonly tensorsSha256: string;
  /** Vocabularies and normalization. */
  readonly schema: FeatureSchema;
}

/** Writes tensors.safetensors, whose tensors are named by {@link modelTensors}, then model.onnx and config.json. */
export async function saveModel(
  folder: string,
  state: ModelState,
  about: Pick<SavedConfig, 'options' | 'epochs' | 'bestEpoch'>,
): Promise<void> {
  const graph = await servingModel(state);
  const tensors = modelTensors(state);
  const { sha256, offsets } = await writeSafetensors(join(folder, MODEL_FILES.tensors), tensors);
  const outside = isLarge(tensors) ? { name: MODEL_FILES.tensors, offsets } : undefined;
  const config: SavedConfig = {
    format: 'ctr-model/2',
    backbone: { name: state.backbone.name, options: state.options },
    ...about,
    tensorsSha256: sha256,
    schema: state.schema,
  };
  await writeModel(graph, tensors, join(folder, MODEL_FILES.graph), outside);
  await writeFileAtomic(join(folder, MODEL_FILES.config), `${JSON.stringify(config)}\n`); // last: it vouches for the others
}
