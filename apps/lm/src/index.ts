export { main } from './main.js';
export { serveModel, type LmServer } from './server/serve-model.js';
export { lmServeOptions, type LmServeOptions, type LmServeOptionsInput } from './server/options.js';
export { LM_REFUSALS, LmRequestError, type LmRefusal } from './server/refusals.js';
export { LmError } from './errors.js';
