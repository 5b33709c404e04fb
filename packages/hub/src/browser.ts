export { HubError, lacksFile } from './errors.js';
export { parseModelId, type ModelId } from './model-id.js';
export type { DownloadProgress, HubOptions } from './options.js';
export type { ChooseFiles, FetchedModel, ModelFiles } from './fetch-model.js';
export { fetchModel } from './fetch-to-memory.js';
