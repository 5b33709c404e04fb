import { withStopToken, type Call, type Engine, type Piece, type PieceRequest } from '../engine.js';
import { PassingError, SamplerError, wrongAnswer } from '../errors.js';
import { fieldsOf, listOf, numbersOf } from '../json.js';
import { ask, askFor, refused } from '../request.js';

const OLD = 'run a vLLM whose /v1/completions knows return_token_ids';
const LOADING =
  'start vLLM with --enable-lora, --max-lora-rank of at least the rank and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, and see that it sees the folder (sampler.serverFolder)';

/**
 * vLLM's own dialect of the OpenAI API. Read in vllm-project/vllm:
 * - `vllm/entrypoints/openai/completion/protocol.py`: what a request leaves open is taken from the model's generation_config.json, so
 *   everything is said; `prompt` takes token ids, `return_token_ids` gives them back.
 * - `vllm/entrypoints/openai/models/serving.py`: adapters by name; a name that is loaded is refused, one that is not is a 404.
 * - `vllm/v1/sample/sampler.py`, `sample`: temperature, min-p, then top-k and top-p.
 * - `vllm/v1/core/sched/utils.py`, `check_stop`: a stop token stays in `token_ids`; `ignore_eos` leaves `stop_token_ids` in force.
 * - `vllm/v1/core/kv_cache_utils.py`, `_gen_lora_extra_hash_keys`: cached prefixes are kept by the adapter's *name*, so another adapter
 *   under an old name is answered from the old one's cache.
 */
export function vllmEngine(): Engine {
  const bases = new Map<string, Promise<string>>();

  async function modelOf(call: Call, version: string | null): Promise<string> {
    if (version !== null) return version;
    const known = bases.get(call.url) ?? baseModel(call);
    bases.set(call.url, known);
    return known.catch((error: unknown) => {
      bases.delete(call.url);
      throw error;
    });
  }

  async function request(call: Call, piece: PieceRequest, more: object = {}) {
    const model = await modelOf(call, piece.version);
    const question = { url: call.url, path: '/v1/completions', signal: call.signal, body: { ...bodyOf(model, piece), ...more } };
    const { status, body } = await ask(call.wire, question);
    if (status === 404 && piece.version !== null) throw new PassingError(`${call.url}: it has no adapter ${model}`, { adapterGone: true });
    if (status >= 300) throw refused(question, status, body, 'see what it says; prompt and completion have to fit --max-model-len');
    const answer = fieldsOf(call.url, 'body', body);
    if (answer['model'] !== model) {
      throw wrongAnswer(call.url, `${JSON.stringify(answer['model'])} has answered`, `${JSON.stringify(model)}, which was asked`);
    }
    return fieldsOf(call.url, 'choices', listOf(call.url, 'choices', answer['choices'])[0]);
  }

  async function complete(call: Call, piece: PieceRequest): Promise<Piece> {
    const choice = await request(call, piece);
    const where = call.url;
    const { finish_reason: finish, stop_reason: stop } = choice;
    if (finish === 'abort' || finish === 'error') throw new PassingError(`${where}: it gave the completion up`);
    if (finish !== 'stop' && finish !== 'length') throw wrongAnswer(where, `finish_reason is ${JSON.stringify(finish)}`, 'stop or length');
    const echoed = numbersOf(where, 'prompt_token_ids', choice['prompt_token_ids'], OLD);
    if (echoed.length !== piece.prompt.length || echoed.some((token, i) => token !== piece.prompt[i])) {
      throw wrongAnswer(where, 'it read another prompt than was sent', 'the same token ids in prompt_token_ids');
    }
    const tokens = numbersOf(where, 'token_ids', choice['token_ids'], OLD);
    const logProbs = numbersOf(where, 'token_logprobs', fieldsOf(where, 'logprobs', choice['logprobs'])['token_logprobs']);
    // vLLM itself leaves the stop token in; a server between it and here may not
    return withStopToken({ tokens, logProbs, finish }, stop);
  }

  /**
   * With `processed_logprobs` a token that is the only one allowed has probability 1, with `raw_logprobs` its own.
   * @throws SamplerError `SAMPLER_LOGPROBS`
   */
  async function checkTemperature(call: Call, piece: PieceRequest): Promise<void> {
    const one = { ...piece, maxNewTokens: 1, stopTokenIds: [], topK: null, topP: 1, minP: 0 };
    const choice = await request(call, one, { allowed_token_ids: [piece.prompt[0]] });
    const [logProb = NaN] = numbersOf(call.url, 'token_logprobs', fieldsOf(call.url, 'logprobs', choice['logprobs'])['token_logprobs']);
    if (Math.abs(logProb) < 1e-4) return;
    throw new SamplerError('SAMPLER_LOGPROBS', 'the server gives log-probabilities before the temperature', {
      where: call.url,
      expected: `those at temperature ${piece.temperature}`,
      remedy: 'start vLLM with --logprobs-mode processed_logprobs, or sample at temperature 1',
    });
  }

  async function load(call: Call, version: string, folder: string, again: boolean): Promise<void> {
    const question = {
      url: call.url,
      path: '/v1/load_lora_adapter',
      plain: true,
      signal: call.signal,
      body: { lora_name: version, lora_path: folder },
    };
    const { status, body } = await ask(call.wire, question);
    const there = status === 400 && again && JSON.stringify(body).includes('already been loaded');
    if (status >= 300 && !there) throw refused(question, status, body, LOADING);
  }

  async function unload(call: Call, version: string): Promise<void> {
    const question = { url: call.url, path: '/v1/unload_lora_adapter', plain: true, signal: call.signal, body: { lora_name: version } };
    const { status, body } = await ask(call.wire, question);
    if (status >= 300 && status !== 404) throw refused(question, status, body, LOADING);
  }

  return { name: 'vllm', minPFirst: true, complete, checkTemperature, load, unload };
}

/** The first of the models that it lists; its adapters stand behind. */
async function baseModel({ url, wire, signal }: Call): Promise<string> {
  const body = await askFor(wire, { url, path: '/v1/models', signal }, 'see that a vLLM server listens there');
  const { id } = fieldsOf(url, 'model', listOf(url, 'data', fieldsOf(url, 'body', body)['data'])[0]);
  if (typeof id === 'string') return id;
  throw wrongAnswer(`${url}/v1/models`, 'its first model has no id', 'the name of the base model');
}

function bodyOf(model: string, { prompt, maxNewTokens, temperature, topK, topP, minP, stopTokenIds, seed }: PieceRequest): object {
  return {
    model,
    prompt,
    max_tokens: maxNewTokens,
    temperature,
    top_k: topK ?? -1,
    top_p: topP,
    min_p: minP,
    repetition_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    stop_token_ids: stopTokenIds,
    ignore_eos: true,
    seed,
    n: 1,
    logprobs: 1,
    return_token_ids: true,
    stream: false,
  };
}
