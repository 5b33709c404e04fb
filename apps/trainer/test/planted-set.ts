import { createRng } from '@expctr/core';
import {
  defaultExplanationTemplate,
  historyOf,
  itemText,
  prepareDataset,
  type HistoryText,
  type ItemText,
  type PreparedDataset,
} from '@expctr/data';
import { createHashedEncoder } from '@expctr/encoder';
import { writeMovieLensShaped } from '@expctr/testbed';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../src/config/resolve.js';
import { createFeatureStore } from '../src/pipeline/feature-store.js';
import type { Pipeline } from '../src/pipeline/pipeline.js';

/** A made-up set in which explanations can be planted. */
export interface PlantedSet {
  readonly prepared: PreparedDataset;
  /** Only what fitting and encoding read: the language model plays no part. */
  readonly pipeline: Pipeline;
}

/** @param sets of the configuration; the encoder is a bag of words of this dimension */
export async function plantedSet(
  size: Readonly<Record<'users' | 'items' | 'seed', number>>,
  dimension: number,
  sets: readonly string[],
): Promise<PlantedSet> {
  await useOnnx(); // as a run does
  const folder = await mkdtemp(join(tmpdir(), 'expctr-planted-'));
  await writeMovieLensShaped(folder, size);
  const prepared = await prepareDataset({ dataset: 'movielens', dataDir: folder, data: { kCore: 0 } });
  const settings = await resolveConfig({ sets: [...sets] });
  const { interactions, items } = prepared;
  const encoder = createHashedEncoder({ dimension });
  const item = (row: number): ItemText => itemText(items, interactions.item[row]!);
  const history = (row: number): HistoryText => {
    const past = [...historyOf(interactions, row)];
    const having = (label: number): ItemText[] => past.filter((other) => interactions.label[other] === label).map(item);
    return { liked: having(1), disliked: having(0) };
  };
  const pipeline = {
    run: { ...settings, rng: createRng(1), artifacts: { log: { write: () => undefined } }, progress: { say: () => undefined } },
    data: {
      interactions,
      items,
      features: createFeatureStore(interactions, items, settings.registry.backbones),
      prompts: { item, history },
    },
    models: { encoder, vectors: encoder, templates: { explanation: defaultExplanationTemplate } },
  } as unknown as Pipeline;
  return { prepared, pipeline };
}
