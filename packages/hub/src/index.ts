export { HubError, lacksFile } from './errors.js';
export { parseModelId, type ModelId } from './model-id.js';
export type { DownloadProgress, HubOptions } from './options.js';
export { hubEnvironment, type Environment } from './environment.js';
export { fetchModel, type ChooseFiles, type FetchedModel, type ModelFiles } from './fetch-model.js';
