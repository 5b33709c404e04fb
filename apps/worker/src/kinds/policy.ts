import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDataset, type StoredDataset } from '@expctr/data';
import { loadPolicy, modelDigest, type Models, type Settings, type Speech } from '@expctr/trainer';
import type { PlacedPlan } from '../plan/plan.js';
import { settingsOfPlan } from '../plan/settings.js';
import type { WorkContext } from './kind.js';
import { planPaths, requireInputs, requireModel } from './model-here.js';

/** A language model and the dataset that it is asked about. */
export interface OpenPolicy {
  readonly settings: Settings;
  readonly dataset: StoredDataset;
  readonly models: Pick<Models, 'policy' | keyof Speech>;
  readonly close: () => Promise<void>;
}

/** Loads the language model of a plan and the dataset, after both were found to be what the plan was made of. */
export async function openPolicy(placed: PlacedPlan, { hub }: WorkContext): Promise<OpenPolicy> {
  const settings = settingsOfPlan(placed, hub);
  await requireInputs(placed);
  const dataset = await readDataset(planPaths(placed)['data']!);
  const temporary = await mkdtemp(join(tmpdir(), 'expctr-model-'));
  const clear = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  try {
    const models = await loadPolicy(settings, () => mkdtemp(join(temporary, 'made-')), dataset);
    const close = async (): Promise<void> => {
      await models.policy.dispose();
      await clear();
    };
    try {
      requireModel(placed, await modelDigest(models.policyPath), models.policyPath);
    } catch (error) {
      await close();
      throw error;
    }
    return { settings, dataset, models, close };
  } catch (error) {
    await clear();
    throw error;
  }
}
