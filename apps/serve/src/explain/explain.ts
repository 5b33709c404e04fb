import { RequestError } from '../errors.js';
import { own, typeOf } from '@expctr/app-kit/http';
import { objectWith, flagIn } from '../json.js';
import type { ServeMetrics } from '../metrics/serve-metrics.js';
import type { AskedPair, Pair } from '../pairs/pair.js';
import { readPair } from '../pairs/read-pair.js';
import { resolvePair } from '../pairs/resolve.js';
import { pairRows } from '../predict/pair-rows.js';
import { pairSource } from '../predict/predict.js';
import type { ModelIdentity, Served, ServedData } from '../run/served.js';
import { evidenceOf, type Evidence } from './evidence.js';
import { findText, noExplanation, SOURCES, type FoundText, type Source } from './find-text.js';
import type { Explanation } from './stored.js';

/** A request for an explanation. */
export interface ExplainRequest {
  readonly pair: AskedPair;
  readonly source: Source;
  /** Whether to answer in parts, as they come. */
  readonly stream: boolean;
}

/** What the model says with the explanation and without. */
export interface ExplainedPrediction {
  /** Null where the model takes no explanations. */
  readonly withExplanation: number | null;
  readonly withoutExplanation: number;
}

/** The answer to such a request. */
export interface ExplainAnswer {
  readonly model: ModelIdentity;
  readonly explanation: Explanation & Pick<FoundText, 'cached'>;
  readonly prediction: ExplainedPrediction;
  readonly evidence: Evidence;
}

/** A part of a streamed answer; the last is the whole. */
export type ExplainEvent =
  | { readonly event: 'evidence'; readonly data: Evidence }
  /** What was written of the explanation so far. */
  | { readonly event: 'text'; readonly data: { readonly text: string } }
  | { readonly event: 'explanation'; readonly data: ExplainAnswer['explanation'] }
  | { readonly event: 'prediction'; readonly data: ExplainedPrediction }
  | { readonly event: 'answer'; readonly data: ExplainAnswer };

/** @throws RequestError `SERVE_REQUEST` */
export function readExplainRequest(body: unknown): ExplainRequest {
  const request = objectWith(body, '', ['user', 'item', 'source', 'stream']);
  const source = own(request, 'source') ?? 'any';
  if (typeof source !== 'string' || !(SOURCES as readonly string[]).includes(source)) {
    throw new RequestError('SERVE_REQUEST', typeof source === 'string' ? 'there is no such source' : `it is ${typeOf(source)}`, {
      where: 'source',
      expected: `one of ${SOURCES.join(', ')}`,
    });
  }
  return { pair: readPair(request, ''), source: source as Source, stream: flagIn(request, 'stream', '') ?? false };
}

/** Explains a pair, part by part. @throws RequestError before the first part where there is nothing to explain or to explain with */
export async function* explain(
  served: Served,
  { pair: asked, source }: ExplainRequest,
  metrics: ServeMetrics,
): AsyncGenerator<ExplainEvent> {
  const pair = resolvePair(pairSource(served, ''), asked, '');
  const data = served.data!;
  const isStored = source !== 'generated' && pair.interaction !== null;
  if (!isStored && (source === 'stored' || data.generator === null)) throw noExplanation(data, '');
  const evidence = evidenceOf(pair);
  yield { event: 'evidence', data: evidence };
  const writing = followed((onText) => findText(data, pair, source, onText));
  for await (const text of writing.texts) yield { event: 'text', data: { text } };
  const found = (await writing.found)!;
  metrics.explanation(found.cached ? 'cached' : found.explanation.source);
  const explanation = { ...found.explanation, cached: found.cached };
  yield { event: 'explanation', data: explanation };
  const prediction = await predictions(served, data, pair, found.explanation);
  yield { event: 'prediction', data: prediction };
  yield { event: 'answer', data: { model: served.model, explanation, prediction, evidence } };
}

/** The model's word on the pair with the vector of the explanation, and with the mean in its place. */
async function predictions(served: Served, { vectors }: ServedData, pair: Pair, { read }: Explanation): Promise<ExplainedPrediction> {
  if (vectors === null) {
    const [withoutExplanation] = await served.predict.submit(pairRows(served, [pair], [null]));
    return { withExplanation: null, withoutExplanation: withoutExplanation! };
  }
  const rows = pairRows(served, [pair, pair], [await vectors.of(pair, read), null]);
  const [withExplanation, withoutExplanation] = await served.predict.submit(rows);
  return { withExplanation: withExplanation!, withoutExplanation: withoutExplanation! };
}

/** Texts as they grow, from work that tells of them: the newest at each turn, so that a slow reader skips some. */
function followed<T>(work: (onText: (text: string) => void) => Promise<T>): {
  readonly texts: AsyncIterable<string>;
  readonly found: Promise<T>;
} {
  let newest: string | null = null;
  let wake: () => void = () => undefined;
  let isDone = false;
  const found = work((text) => {
    newest = text;
    wake();
  }).finally(() => {
    isDone = true;
    wake();
  });
  found.catch(() => undefined); // whoever awaits it hears of it
  async function* texts(): AsyncGenerator<string> {
    for (;;) {
      if (newest !== null) {
        const text = newest;
        newest = null;
        yield text;
      } else if (isDone) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return { texts: texts(), found };
}
