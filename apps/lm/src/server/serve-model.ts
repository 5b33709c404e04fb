import { createRegistry, httpMetrics, listen, SECONDS, urlOf, type Route } from '@expctr/app-kit/http';
import { packageVersion } from '@expctr/core/node';
import type { CausalLM } from '@expctr/llm-lora';
import { modelRoutes } from './adapters.js';
import { chatRoute } from './chat.js';
import { completionsRoute } from './completions.js';
import { openApiDocument } from './openapi.js';
import { parseLmServeOptions, type LmServeOptionsInput } from './options.js';
import { lmDialect } from './refusals.js';
import type { ServedModel } from './served-model.js';
import { createSharedSampler } from './shared-sampler.js';
import { tokenizeRoutes } from './tokenize.js';

/** A language model that is being served. */
export interface LmServer {
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** What requests call the model. */
  readonly modelName: string;
  /**
   * Takes no more connections and lets requests under way come to their end. The policy stays.
   * @returns whether all of them did within `graceSeconds`
   */
  stop(): Promise<boolean>;
}

const TEXTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/**
 * Serves a language model over HTTP in the dialect of OpenAI and vLLM. Nobody else may ask the policy meanwhile.
 * @param name what requests call it, where the options do not say
 * @param onFailure told of requests that failed by no fault of whoever asked
 * @throws LmError `LM_OPTION`, `LM_PORT`
 */
export async function serveModel(
  policy: CausalLM,
  name: string,
  input: LmServeOptionsInput = {},
  onFailure: (error: unknown) => void = () => undefined,
): Promise<LmServer> {
  const options = parseLmServeOptions(input);
  const registry = createRegistry();
  const metrics = httpMetrics(registry, 'expctr_lm');
  const texts = registry.histogram('expctr_lm_call_texts', 'Texts written in one call.', TEXTS);
  const callSeconds = registry.histogram('expctr_lm_call_seconds', 'Seconds that a call took.', SECONDS);
  const tokens = registry.counter('expctr_lm_tokens_total', 'Tokens written.');
  const sampler = createSharedSampler({
    generate: (prompts, sampling) => policy.generate(prompts, sampling),
    most: options.batchTexts,
    room: options.queueTexts,
    onCall(count, written, seconds) {
      texts.observe(count);
      callSeconds.observe(seconds);
      tokens.add({}, written);
    },
  });
  registry.gauge('expctr_lm_waiting_texts', 'Texts that wait or are being written.', () => [[{}, sampler.waiting]]);
  const created = Math.floor(Date.now() / 1000);
  const modelName = options.modelName === '' ? name : options.modelName;
  let answers = 0;
  const served: ServedModel = {
    policy,
    name: modelName,
    sampler,
    options,
    adapters: new Map(policy.adapters.names().map((each) => [each, created])),
    created,
    nextId: (prefix) => `${prefix}-${created.toString(36)}-${(answers += 1).toString(36)}`,
  };
  let isStopping = false;
  const routes: Route[] = [
    completionsRoute(served),
    chatRoute(served),
    ...modelRoutes(served),
    ...tokenizeRoutes(served),
    {
      method: 'GET',
      path: '/health',
      handle: () => ({ kind: 'json', status: isStopping ? 503 : 200, value: { status: isStopping ? 'stopping' : 'ok' } }),
    },
    { method: 'GET', path: '/version', handle: () => ({ kind: 'json', value: { version: packageVersion(import.meta.url) ?? 'unknown' } }) },
    {
      method: 'GET',
      path: '/metrics',
      handle: () => ({ kind: 'text', type: 'text/plain; version=0.0.4; charset=utf-8', text: registry.text() }),
    },
    { method: 'GET', path: '/openapi.json', handle: () => ({ kind: 'json', value: openApiDocument(served) }) },
  ];
  const http = await listen({ routes, limits: options, dialect: lmDialect, metrics, onFailure });
  return {
    url: urlOf(options.host, http.port),
    modelName,
    stop() {
      isStopping = true;
      return http.stop();
    },
  };
}
