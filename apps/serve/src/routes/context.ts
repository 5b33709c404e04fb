import type { ServeMetrics } from '../metrics/serve-metrics.js';
import type { ServeOptions } from '../options.js';
import type { Keeper, Reloaded } from '../run/keeper.js';

/** What routes answer from. */
export interface ServerContext {
  readonly keeper: Keeper;
  readonly options: ServeOptions;
  readonly metrics: ServeMetrics;
  /** How the last reload went; null before the first. */
  readonly lastReload: () => Reloaded | null;
  /** Whether the server was told to stop. */
  readonly isStopping: () => boolean;
}
