import { join } from 'node:path';
import { sha256, writeFileAtomic } from '@expctr/core';
import type { EpochReport } from '../fit/epoch-report.js';
import type { ResolvedFitOptions } from '../fit/options.js';
import type { FeatureSchema } from '../features/schema.js';
import type { ModelState } from './predictor.js';
import { encodeSafetensors } from './safetensors.js';
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

/** Writes config.json and tensors.safetensors, which are named by {@link modelTensors}. */
export async function saveModel(
  folder: string,
  state: ModelState,
  about: Pick<SavedConfig, 'options' | 'epochs' | 'bestEpoch'>,
): Promise<void> {
  const bytes = encodeSafetensors(modelTensors(state));
  const config: SavedConfig = {
    format: 'ctr-model/2',
    backbone: { name: state.backbone.name, options: state.options },
    ...about,
    tensorsSha256: sha256(bytes),
    schema: state.schema,
  };
  await writeFileAtomic(join(folder, MODEL_FILES.tensors), bytes);
  await writeFileAtomic(join(folder, MODEL_FILES.config), `${JSON.stringify(config)}\n`); // last: it vouches for the tensors
}
