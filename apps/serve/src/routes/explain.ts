import { explain, readExplainRequest, type ExplainEvent } from '../explain/explain.js';
import type { Route } from '@expctr/app-kit/http';
import type { Lease } from '../run/keeper.js';
import type { ServerContext } from './context.js';

/** `POST /v1/explain`. */
export function explainRoute({ keeper, metrics }: ServerContext): Route {
  return {
    method: 'POST',
    path: '/v1/explain',
    async handle({ body, wantsEvents }) {
      const request = readExplainRequest(body);
      const lease = keeper.lease();
      const events = released(explain(lease.served, request, metrics), lease);
      if (request.stream || wantsEvents) return { kind: 'events', events };
      let last: ExplainEvent | undefined;
      for await (const event of events) last = event;
      return { kind: 'json', value: last!.data };
    },
  };
}

/** The same events; the run is given back behind the last, or where nobody wants more. */
async function* released(events: AsyncGenerator<ExplainEvent>, lease: Lease): AsyncGenerator<ExplainEvent> {
  try {
    yield* events;
  } finally {
    lease.release();
  }
}
