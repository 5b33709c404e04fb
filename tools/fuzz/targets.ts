import type { Target } from './target.js';
import { languageModelServerTargets } from './targets/language-model-server.js';
import { modelsTargets } from './targets/models.js';
import { ratingsTargets } from './targets/ratings.js';
import { runsTargets } from './targets/runs.js';
import { serversTargets } from './targets/servers.js';
import { tablesTargets } from './targets/tables.js';
import { vectorsTargets } from './targets/vectors.js';

/** Every reader of files that come from elsewhere, and of requests. A new one is an entry in one of these. */
export const targets: readonly Target[] = [
  ...ratingsTargets,
  ...tablesTargets,
  ...modelsTargets,
  ...vectorsTargets,
  ...runsTargets,
  ...serversTargets,
  ...languageModelServerTargets,
];
