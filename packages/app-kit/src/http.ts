export { listen, type HttpServer, type HttpServerOptions } from './http/server.js';
export { httpOptions, urlOf, type HttpLimits } from './http/options.js';
export { RawData, type Answer, type ServerEvent } from './http/answer.js';
export { type Route, type RouteRequest } from './http/router.js';
export { HTTP_REFUSALS, RefusedRequest, type HttpDialect, type HttpRefusal, type RefusalDetails } from './http/refusal.js';
export {
  isJsonObject,
  jsonChecks,
  own,
  place,
  quoted,
  typeOf,
  type JsonChecks,
  type JsonObject,
  type JsonSchema,
  type NumberBounds,
} from './http/json-checks.js';
export { createRegistry, type Counter, type Histogram, type Labels, type MetricRegistry } from './http/registry.js';
export { httpMetrics, SECONDS, type HttpMetrics } from './http/metrics.js';
