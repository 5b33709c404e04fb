import type { Route } from '@expctr/app-kit/http';
import { predict } from '../predict/predict.js';
import type { ServerContext } from './context.js';

/** `POST /v1/predict`. */
export function predictRoute({ keeper, options }: ServerContext): Route {
  return {
    method: 'POST',
    path: '/v1/predict',
    async handle({ body }) {
      const { served, release } = keeper.lease();
      try {
        return { kind: 'json', value: await predict(served, body, options.requestRows) };
      } finally {
        release();
      }
    },
  };
}
