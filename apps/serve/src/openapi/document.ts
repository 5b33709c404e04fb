import { packageVersion } from '@expctr/core/node';
import { REFUSALS } from '../errors.js';
import { rowSchema } from '../inputs/encode-row.js';
import type { JsonSchema } from '@expctr/app-kit/http';
import type { ServeOptions } from '../options.js';
import { LONGEST_LIST } from '../routes/lists.js';
import type { Served } from '../run/served.js';
import { shapes } from './shapes.js';

const json = (name: string, description: string): JsonSchema => ({
  description,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});

/** Refusals by status: any route may be answered with any of them, for limits come before routes. */
const refusals = Object.fromEntries(
  [...new Set(Object.values(REFUSALS))].map((status) => {
    const codes = Object.entries(REFUSALS).flatMap(([code, of]) => (of === status ? [code] : []));
    const retry = status === 429 ? { headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'seconds' } } } : {};
    return [String(status), { ...json('Error', codes.join(', ')), ...retry }] as const;
  }),
);

const body = (name: string): JsonSchema => ({
  required: true,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});

const parameter = (name: string, description: string, schema: JsonSchema): JsonSchema => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});
const SEARCH = parameter('search', 'only those whose id or title holds this text', { type: 'string' });
const LIMIT = parameter('limit', 'at most so many', { type: 'integer', minimum: 1, maximum: LONGEST_LIST });
const USER = parameter('user', 'lists first what the run explained for this user', { type: 'string' });

/** The OpenAPI document of what is served now: rows of features are those of the model's schema. */
export function openApiDocument(
  { graph, model }: Served,
  { requestRows, bodyBytes }: Pick<ServeOptions, 'requestRows' | 'bodyBytes'>,
): JsonSchema {
  const answers = (ok: JsonSchema): JsonSchema => ({ '200': ok, ...refusals });
  return {
    openapi: '3.1.0',
    info: {
      title: 'expctr-serve',
      version: packageVersion(import.meta.url) ?? 'unknown',
      description: `Predictions and explanations of ${model.predictor ?? 'a model'}, version ${model.version}. A request has at most ${requestRows} rows and ${bodyBytes} bytes.`,
    },
    paths: {
      '/v1/predict': {
        post: {
          operationId: 'predict',
          summary: 'Probability that the user chooses the item, of each row.',
          requestBody: body('PredictRequest'),
          responses: answers(json('PredictAnswer', 'The probabilities, in the order of the rows.')),
        },
      },
      '/v1/explain': {
        post: {
          operationId: 'explain',
          summary: 'Why the user would or would not choose the item, with the prediction.',
          requestBody: body('ExplainRequest'),
          responses: answers({
            description:
              'The explanation; as server-sent events: evidence, text (as it is written), explanation, prediction, answer (all of it), or error.',
            content: {
              'application/json': { schema: { $ref: '#/components/schemas/ExplainAnswer' } },
              'text/event-stream': { schema: { type: 'string' } },
            },
          }),
        },
      },
      '/v1/users': {
        get: {
          operationId: 'users',
          summary: 'Users of the run.',
          parameters: [SEARCH, LIMIT],
          responses: answers(json('Users', 'Some of them.')),
        },
      },
      '/v1/items': {
        get: {
          operationId: 'items',
          summary: 'Items of the run.',
          parameters: [SEARCH, LIMIT, USER],
          responses: answers(json('Items', 'Some of them.')),
        },
      },
      '/healthz': {
        get: {
          operationId: 'health',
          summary: 'Whether requests are answered.',
          responses: { ...answers(json('Health', 'They are.')), '503': json('Health', 'The server is stopping.') },
        },
      },
      '/metrics': {
        get: {
          operationId: 'metrics',
          summary: 'Figures for Prometheus.',
          responses: answers({ description: 'Text format 0.0.4.', content: { 'text/plain': { schema: { type: 'string' } } } }),
        },
      },
    },
    components: { schemas: { ...shapes, Features: rowSchema(graph.inputs) } },
  };
}
