import { listen, urlOf } from '@expctr/app-kit/http';
import { serveDialect } from './errors.js';
import { createServeMetrics } from './metrics/serve-metrics.js';
import { parseServeOptions, type ServeOptionsInput } from './options.js';
import { documentRoutes } from './routes/documents.js';
import { explainRoute } from './routes/explain.js';
import { healthRoute } from './routes/health.js';
import { listRoutes } from './routes/lists.js';
import { predictRoute } from './routes/predict.js';
import type { ServerContext } from './routes/context.js';
import { createKeeper, type Reloaded } from './run/keeper.js';
import { loadServed } from './run/load.js';
import type { ModelIdentity } from './run/served.js';

/** A run that is being served. */
export interface RunServer {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Which model answers now. */
  readonly model: ModelIdentity;
  /** Loads what lies in the folder now; until it is loaded, and where it cannot be, the run before answers. */
  reload(): Promise<Reloaded>;
  /**
   * Takes no more connections, lets requests under way come to their end, and frees everything.
   * @returns whether all of them did within `graceSeconds`
   */
  stop(): Promise<boolean>;
}

/** Who is told what happens besides answers. */
export interface ServeListener {
  /** A reload ended. */
  readonly onReload?: (reloaded: Reloaded) => void;
  /** A request failed by no fault of whoever asked. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Serves a run over HTTP.
 * @param path the folder of a run, the folder of a saved CTR model, or a model.onnx
 * @throws ServeError, or another ExpctrError, that says what keeps it from being served
 */
export async function serveRun(
  path: string,
  input: ServeOptionsInput = {},
  { onReload, onFailure = () => undefined }: ServeListener = {},
): Promise<RunServer> {
  const options = parseServeOptions(input);
  const metrics = createServeMetrics();
  let last: Reloaded | null = null;
  const keeper = await createKeeper({
    path,
    predictor: options.predictor,
    load: () => loadServed(path, options, { metrics, onFailure }),
    onReload(reloaded) {
      last = reloaded;
      metrics.reload(reloaded.outcome);
      onReload?.(reloaded);
    },
  });
  let isStopping = false;
  const context: ServerContext = { keeper, options, metrics, lastReload: () => last, isStopping: () => isStopping };
  const routes = [predictRoute(context), explainRoute(context), ...listRoutes(context), healthRoute(context), ...documentRoutes(context)];
  const http = await listen({ routes, limits: options, dialect: serveDialect, metrics, onFailure }).catch(async (error: unknown) => {
    await keeper.close();
    throw error;
  });
  metrics.watch(() => {
    const { served, release } = keeper.lease();
    release();
    return { model: served.model, waitingRows: served.predict.waiting, connections: http.connections };
  });
  const watch = options.watch > 0 ? setInterval(() => void keeper.look(), 1000 * options.watch) : undefined;
  return {
    url: urlOf(options.host, http.port),
    get model() {
      return keeper.model;
    },
    reload: () => keeper.reload(),
    async stop() {
      isStopping = true;
      clearInterval(watch);
      const isWhole = await http.stop();
      await keeper.close();
      return isWhole;
    },
  };
}
