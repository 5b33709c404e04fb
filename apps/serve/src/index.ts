export { main } from './main.js';
export { serveRun, type RunServer, type ServeListener } from './serve.js';
export { serveOptions, type ServeOptions, type ServeOptionsInput } from './options.js';
export { RequestError, REFUSALS, ServeError, type Refusal } from './errors.js';
export type { Reloaded } from './run/keeper.js';
export type { ModelIdentity } from './run/served.js';
