import { startFake, type FakeServer } from './fake-server.js';
import { EOS, readDelta, sample, scoresOf, VOCABULARY } from './tiny-model.js';
import type { PublishedAdapter, Running } from '../src/index.js';

/** A token of the tiny model after which a text ends within a character. */
export const HALF_CHARACTER = VOCABULARY - 1;

/** What is asked of it. */
interface Body {
  readonly prompt: readonly number[];
  readonly temperature?: number;
  readonly seed: number;
  readonly n_predict: number;
  readonly lora?: readonly { readonly id: number; readonly scale: number }[];
  readonly post_sampling_probs?: boolean;
  readonly return_tokens?: boolean;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly min_p?: number;
  readonly repeat_penalty?: number;
}

/** Its answer. */
export interface LlamaCppAnswer {
  tokens: number[];
  tokens_evaluated: number;
  completion_probabilities?: { id: number; logprob?: number; prob?: number }[];
}

/** llama-server as `src/llama-cpp/llama-cpp-engine.ts` found it, started with an adapter or without one. */
export async function fakeLlamaCpp(adapter: PublishedAdapter | null): Promise<FakeServer> {
  const delta = adapter === null ? null : await readDelta(adapter.folder);
  const listed = adapter === null ? [] : [{ id: 0, path: `/tmp/${adapter.version}.gguf`, scale: 1 }];
  return startFake('/completion', (path, asked, server) => {
    if (path === '/health') return Promise.resolve([200, { status: 'ok' }]);
    if (path === '/lora-adapters') return Promise.resolve([200, listed]);
    const body = asked as Body;
    const { prompt, temperature = 0.8, seed, n_predict: most, lora = [] } = body;
    const scale = lora[0]?.scale ?? 1;
    const weights = scale === 0 || server.baseSilently ? null : delta;
    const tokens = sample(prompt, weights, { most, temperature, seed, stops: [EOS] });
    const behind = body.post_sampling_probs === true;
    const logProbs = scoresOf(prompt, tokens, weights, behind ? temperature : 1);
    const probabilities = tokens.flatMap((id, i) =>
      id === HALF_CHARACTER ? [] : [behind ? { id, prob: Math.exp(logProbs[i]!) } : { id, logprob: logProbs[i] }],
    );
    const answer = {
      content: '…',
      tokens: body.return_tokens ? tokens : [],
      stop_type: tokens.at(-1) === EOS ? 'eos' : 'limit',
      tokens_predicted: tokens.length,
      tokens_evaluated: prompt.length,
      truncated: false,
      generation_settings: {
        ...{ seed, temperature: Math.fround(temperature), n_predict: most, lora },
        ...{ top_k: body.top_k ?? 40, top_p: body.top_p ?? 0.95, min_p: body.min_p ?? 0.05, repeat_penalty: body.repeat_penalty ?? 1.1 },
      },
      ...(probabilities.length === 0 ? {} : { completion_probabilities: probabilities }),
    };
    return Promise.resolve([200, answer]);
  });
}

/** Starts such servers as the sampler asks for them. @param all those that it started so far, the older ones first */
export function fakeLaunch(replicas: number, all: FakeServer[]): (adapter: PublishedAdapter | null) => Promise<Running> {
  return async (adapter) => {
    const started = await Promise.all(Array.from({ length: replicas }, () => fakeLlamaCpp(adapter)));
    all.push(...started);
    return {
      urls: started.map(({ url }) => url),
      stop: async () => {
        await Promise.all(started.map((each) => each.kill()));
      },
    };
  };
}
