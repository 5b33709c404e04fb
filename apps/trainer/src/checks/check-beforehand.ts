import type { RunFolder } from '@expctr/run';
import type { Settings } from '../config/resolve.js';
import { namedModel } from '../pipeline/named-model.js';
import { loadTemplates } from '../pipeline/speech.js';
import { checkAlgorithm, checkCompletions } from './check-algorithm.js';
import { checkDataFolder, checkPlace, checkVectorPlaces } from './check-places.js';
import { checkModelNames } from './check-model-names.js';
import { checkRewards } from './check-rewards.js';
import { checkForms } from './check-templates.js';

/**
 * All that can be known before the first thing that takes time (a download, the data, the models) and before anything is written: each
 * of these would else end a run after minutes or hours. What only data or models can say is checked when they are there, still before
 * the run has a folder.
 * @throws ExpctrError of wrong use, naming the option or the place
 */
export async function checkBeforehand({ config, registry }: Settings, folder: RunFolder): Promise<void> {
  checkAlgorithm(config, registry);
  checkCompletions(config);
  checkRewards(config, registry);
  checkForms(config, await loadTemplates(config, namedModel(config)?.language ?? null));
  await checkDataFolder(config, registry);
  await checkVectorPlaces(config, folder);
  await checkModelNames(config, registry);
  await checkPlace(folder.root);
}
