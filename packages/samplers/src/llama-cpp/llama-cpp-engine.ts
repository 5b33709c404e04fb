import type { Call, Engine, Piece, PieceRequest } from '../engine.js';
import { SamplerError, wrongAnswer } from '../errors.js';
import { checkPromptLength, fieldsOf, listOf, numbersOf, type Fields } from '../json.js';
import { ask, askFor, refused } from '../request.js';
import { alignProbabilities } from './align.js';

/** Tokens of the longest character. */
const CHARACTER = 4;
/** So many tokens in a row that each end within a character are no text. */
const LONGEST_UNKNOWN = 8;

/**
 * llama-server's own `/completion`. Read in ggml-org/llama.cpp:
 * - `tools/server/README.md`: its defaults are no pure samples (temperature 0.8, top_k 40, top_p 0.95, min_p 0.05), so all are said.
 * - `tools/server/server-context.cpp`: `process_token` keeps the end-of-generation token in `tokens` and ends at those of the model
 *   only; `populate_token_probs` gives probabilities before the sampler chain, at temperature 1, or with `post_sampling_probs` behind it;
 *   a request's `lora` counts for that request alone, and a slot that had other adapters forgets what it computed.
 * - `/lora-adapters` lists and rescales the adapters that were named at the start, and loads none.
 */
export function llamaCppEngine(): Engine {
  async function complete({ url, wire, signal }: Call, request: PieceRequest): Promise<Piece> {
    const question = { url, path: '/completion', signal, body: bodyOf(request) };
    const { status, body } = await ask(wire, question);
    if (status >= 300)
      throw refused(question, status, body, 'see what it says; prompt and completion have to fit the context of a slot (-c, -np)');
    const answer = fieldsOf(url, 'body', body);
    checkPromptLength(url, answer['tokens_evaluated'], request.prompt.length);
    checkSettings(url, fieldsOf(url, 'generation_settings', answer['generation_settings']), request);
    const tokens = numbersOf(url, 'tokens', answer['tokens'], 'run a llama-server whose /completion knows return_tokens');
    const known = probabilities(url, answer['completion_probabilities'], afterChain(request));
    const logProbs = alignProbabilities(tokens, known);
    if (known.length === 0 && tokens.length > LONGEST_UNKNOWN) {
      throw wrongAnswer(url, `${tokens.length} tokens come without a probability`, 'completion_probabilities, for n_probs is 1');
    }
    if (logProbs === undefined) throw wrongAnswer(url, 'completion_probabilities are of other tokens than tokens', 'the same in both');
    const stop = answer['stop_type'];
    if (stop !== 'eos' && stop !== 'limit') throw wrongAnswer(url, `stop_type is ${JSON.stringify(stop)}`, 'eos or limit');
    // n_predict may be exceeded by a token that ends a character
    const kept = tokens.length > request.maxNewTokens + CHARACTER ? tokens.length : request.maxNewTokens;
    const finish = stop === 'eos' && tokens.length <= kept ? 'stop' : 'length';
    return { tokens: tokens.slice(0, kept), logProbs: logProbs.slice(0, kept), finish };
  }

  /** Adapters come at the start, as files that are called after their versions. @throws SamplerError `SAMPLER_ADAPTER` */
  async function load({ url, wire, signal }: Call, version: string): Promise<void> {
    const body = await askFor(wire, { url, path: '/lora-adapters', signal }, 'see that a llama-server listens there');
    const paths = listOf(url, 'lora-adapters', body).map((entry) => fieldsOf(url, 'adapter', entry)['path']);
    if (paths.length === 1 && typeof paths[0] === 'string' && paths[0].includes(version)) return;
    throw new SamplerError('SAMPLER_ADAPTER', `the server was started with ${paths.length === 0 ? 'no adapter' : paths.join(', ')}`, {
      where: url,
      expected: `${version} alone: llama.cpp takes adapters at its start only`,
      remedy: 'let the sampler start the servers',
    });
  }

  return { name: 'llama-cpp', complete, load, unload: () => Promise.resolve() };
}

/** Whether probabilities are asked for behind the sampler chain: before it they are those of temperature 1. */
const afterChain = ({ temperature }: PieceRequest): boolean => temperature !== 0 && temperature !== 1;

function probabilities(url: string, value: unknown, behind: boolean): { id: number; logProb: number }[] {
  if (value === undefined) return []; // no token ended a character
  return listOf(url, 'completion_probabilities', value).map((entry) => {
    const { id, prob, logprob } = fieldsOf(url, 'probability', entry);
    const given = behind ? prob : logprob;
    if (typeof id !== 'number' || typeof given !== 'number') {
      throw wrongAnswer(url, 'a token has no probability', behind ? 'id and prob' : 'id and logprob');
    }
    return { id, logProb: behind ? Math.log(given) : given };
  });
}

/** It says by what it sampled. @throws SamplerError `SAMPLER_ANSWER` */
function checkSettings(url: string, settings: Fields, request: PieceRequest): void {
  const expected: Fields = {
    seed: request.seed,
    n_predict: request.maxNewTokens,
    temperature: request.temperature,
    top_p: request.topP,
    min_p: request.minP,
    repeat_penalty: 1,
  };
  for (const [name, asked] of Object.entries(expected)) {
    const said = settings[name];
    if (typeof said === 'number' && Math.abs(said - (asked as number)) < 1e-5) continue; // it keeps float32
    throw wrongAnswer(url, `it sampled with ${name} ${JSON.stringify(said)}`, `${name} ${JSON.stringify(asked)}, as it was asked`);
  }
  const scale = scaleOf(request);
  const [first] = listOf(url, 'generation_settings.lora', settings['lora']);
  if (fieldsOf(url, 'generation_settings.lora', first ?? {})['scale'] === scale) return;
  throw wrongAnswer(url, `it sampled with the adapters ${JSON.stringify(settings['lora'])}`, `one, scaled by ${scale}`);
}

const scaleOf = ({ version }: PieceRequest): number => (version === null ? 0 : 1);

function bodyOf(request: PieceRequest): object {
  const { prompt, maxNewTokens, temperature, topK, topP, minP, seed } = request;
  return {
    prompt,
    n_predict: maxNewTokens,
    temperature,
    top_k: topK ?? 0,
    top_p: topP,
    min_p: minP,
    typical_p: 1,
    repeat_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    dry_multiplier: 0,
    xtc_probability: 0,
    dynatemp_range: 0,
    mirostat: 0,
    // in the order of the policy: the temperature first, then what is left out
    samplers: ['temperature', 'top_k', 'top_p', 'min_p'],
    seed,
    n_probs: 1,
    post_sampling_probs: afterChain(request),
    return_tokens: true,
    cache_prompt: true,
    ignore_eos: false,
    stream: false,
    lora: [{ id: 0, scale: scaleOf(request) }],
  };
}
