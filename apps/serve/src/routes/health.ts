import type { Route } from '@expctr/app-kit/http';
import type { ServerContext } from './context.js';

/** `GET /healthz`: 200 while requests are answered, 503 once the server was told to stop. */
export function healthRoute({ keeper, isStopping, lastReload }: ServerContext): Route {
  return {
    method: 'GET',
    path: '/healthz',
    handle() {
      const stopping = isStopping();
      const reload = lastReload();
      return {
        kind: 'json',
        status: stopping ? 503 : 200,
        value: {
          status: stopping ? 'stopping' : 'ok',
          model: keeper.model,
          // the message may name files: the log has it
          reload: reload === null ? null : { outcome: reload.outcome, code: reload.outcome === 'refused' ? reload.code : null },
        },
      };
    },
  };
}
