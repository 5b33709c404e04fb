import { withStopToken, type Call, type Engine, type Piece, type PieceRequest } from '../engine.js';
import { PassingError, wrongAnswer } from '../errors.js';
import { checkPromptLength, fieldsOf, listOf, numbersOf } from '../json.js';
import { ask, refused } from '../request.js';

const LOADING =
  'start SGLang with --enable-lora, --max-lora-rank and --lora-target-modules, and see that it sees the folder (sampler.serverFolder)';

/**
 * SGLang's own API. Read in sgl-project/sglang:
 * - `python/sglang/srt/sampling/sampling_params.py`: names, and that `top_k` -1 is the whole vocabulary.
 * - `python/sglang/srt/managers/schedule_batch.py`, `check_finished`: a stop token stays in the output, and `ignore_eos` switches
 *   `stop_token_ids` off, too, so it stays off and the sampler goes on after an end of the model's own.
 * - `python/sglang/srt/managers/tokenizer_manager.py`: without `lora_path` the base model answers; a name that was unloaded is loaded
 *   again, silently, when a request names it, so requests are over before a version is unloaded.
 * - `sampling_seed` counts only with --enable-deterministic-inference; SGLANG_RETURN_ORIGINAL_LOGPROB gives log-probabilities before
 *   the temperature, and has to be left out.
 */
export function sglangEngine(): Engine {
  async function complete(call: Call, request: PieceRequest): Promise<Piece> {
    const { url, wire, signal } = call;
    const { prompt, version } = request;
    const question = { url, path: '/generate', signal, body: bodyOf(request) };
    const { status, body } = await ask(wire, question);
    if (status === 400 && version !== null && /never been loaded|not loaded/iu.test(JSON.stringify(body))) {
      throw new PassingError(`${url}: it has no adapter ${version}`, { adapterGone: true });
    }
    if (status >= 300) throw refused(question, status, body, 'see what it says; prompt and completion have to fit --context-length');
    const answer = fieldsOf(url, 'body', body);
    const meta = fieldsOf(url, 'meta_info', answer['meta_info']);
    const reason = fieldsOf(url, 'meta_info.finish_reason', meta['finish_reason']);
    const { type, matched } = reason;
    if (type === 'abort') throw new PassingError(`${url}: it gave the completion up (${JSON.stringify(reason['message'])})`);
    if (type !== 'stop' && type !== 'length') throw wrongAnswer(url, `finish_reason is ${JSON.stringify(type)}`, 'stop or length');
    checkPromptLength(url, meta['prompt_tokens'], prompt.length);
    const pairs = listOf(url, 'meta_info.output_token_logprobs', meta['output_token_logprobs']).map((pair) => listOf(url, 'pair', pair));
    const logProbs = numbersOf(url, 'output_token_logprobs', pairs.map(([logProb]) => logProb)); // prettier-ignore
    const tokens = numbersOf(url, 'output_token_logprobs', pairs.map(([, token]) => token)); // prettier-ignore
    if (answer['output_ids'] !== undefined) checkSame(url, tokens, numbersOf(url, 'output_ids', answer['output_ids']));
    return withStopToken({ tokens, logProbs, finish: type }, matched);
  }

  async function load(call: Call, version: string, folder: string, again: boolean): Promise<void> {
    const answer = await change(call, '/load_lora_adapter', { lora_name: version, lora_path: folder });
    if (answer.said !== undefined && !(again && /already (?:been )?loaded|already exists/iu.test(answer.said))) throw answer.error;
    const { adapters } = answer;
    if (adapters === undefined || Object.hasOwn(adapters, version)) return;
    throw wrongAnswer(call.url, `it says that ${version} is loaded, but does not list it`, `${version} in loaded_adapters`, LOADING);
  }

  async function unload(call: Call, version: string): Promise<void> {
    const answer = await change(call, '/unload_lora_adapter', { lora_name: version });
    if (answer.said !== undefined && !/not (?:loaded|found|exist)|does not exist/iu.test(answer.said)) throw answer.error;
  }

  return { name: 'sglang', complete, load, unload };
}

/** A change of the adapters that a server has; `said` where it was not made. */
async function change({ url, wire, signal }: Call, path: string, body: object) {
  const question = { url, path, signal, body };
  const answer = await ask(wire, question);
  const { success, error_message: said, loaded_adapters: adapters } = fieldsOf(url, 'body', answer.body);
  if (answer.status < 300 && success !== false) {
    return { said: undefined, adapters: typeof adapters === 'object' && adapters !== null ? adapters : undefined };
  }
  return {
    said: typeof said === 'string' ? said : JSON.stringify(answer.body),
    error: refused(question, answer.status, answer.body, LOADING),
  };
}

function checkSame(url: string, tokens: readonly number[], ids: readonly number[]): void {
  // an older server leaves the stop token out of one of the two
  const shorter = Math.min(tokens.length, ids.length);
  if (Math.abs(tokens.length - ids.length) <= 1 && ids.slice(0, shorter).every((id, i) => id === tokens[i])) return;
  throw wrongAnswer(url, 'output_ids and output_token_logprobs name different tokens', 'the same in both');
}

function bodyOf({ prompt, maxNewTokens, temperature, topK, topP, minP, stopTokenIds, seed, version }: PieceRequest): object {
  return {
    input_ids: prompt,
    sampling_params: {
      max_new_tokens: maxNewTokens,
      temperature,
      top_k: topK ?? -1,
      top_p: topP,
      min_p: minP,
      repetition_penalty: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      stop_token_ids: stopTokenIds,
      ignore_eos: false,
      no_stop_trim: true,
      skip_special_tokens: false,
      sampling_seed: seed,
      n: 1,
    },
    return_logprob: true,
    stream: false,
    ...(version === null ? {} : { lora_path: version }),
  };
}
