import { startFake, weightsFor, type FakeServer } from './fake-server.js';
import { EOS, nextLogProbs, readDelta, sample, scoresOf } from './tiny-model.js';

/** What is asked of it. */
interface Body {
  readonly lora_name: string;
  readonly lora_path: string;
  readonly model: string;
  readonly prompt: readonly number[];
  readonly temperature?: number;
  readonly max_tokens: number;
  readonly seed: number;
  readonly stop_token_ids: readonly number[];
  readonly ignore_eos?: boolean;
  readonly allowed_token_ids?: readonly number[];
  readonly return_token_ids?: boolean;
}

/** A choice of its answer. */
export interface VllmAnswer {
  readonly choices: [{ token_ids: number[]; prompt_token_ids: number[]; logprobs: { token_logprobs: number[] } }];
}

/** vLLM as `src/vllm/vllm-engine.ts` found it. @param raw with --logprobs-mode raw_logprobs, its default */
export function fakeVllm({ raw = false }: { raw?: boolean } = {}): Promise<FakeServer> {
  return startFake('/v1/completions', async (path, asked, server) => {
    const body = (asked ?? {}) as Body;
    const { lora_name: name, lora_path: folder } = body;
    if (path === '/v1/models') return [200, { data: [{ id: 'tiny' }, ...[...server.adapters.keys()].map((id) => ({ id }))] }];
    if (path === '/v1/load_lora_adapter') {
      if (server.adapters.has(name)) return [400, { error: { message: `The lora adapter '${name}' has already been loaded.` } }];
      server.adapters.set(name, await readDelta(folder));
      return [200, `Success: LoRA adapter '${name}' added successfully.`];
    }
    if (path === '/v1/unload_lora_adapter') {
      return server.adapters.delete(name) ? [200, 'Success: removed'] : [404, { error: { message: 'cannot be found' } }];
    }
    const { model, prompt } = body;
    if (model !== 'tiny' && !server.adapters.has(model)) return [404, { error: { message: `The model \`${model}\` does not exist.` } }];
    const delta = weightsFor(server, model === 'tiny' ? null : model);
    const temperature = body.temperature ?? 0.6; // of the model's generation_config.json
    const stops = [...body.stop_token_ids, ...(body.ignore_eos ? [] : [EOS])];
    const only: number | undefined = body.allowed_token_ids?.[0];
    const tokens = only === undefined ? sample(prompt, delta, { most: body.max_tokens, temperature, seed: body.seed, stops }) : [only];
    const logProbs = scoresOf(prompt, tokens, delta, raw ? 1 : temperature);
    if (only !== undefined) logProbs[0] = raw ? nextLogProbs(prompt.at(-1)!, delta)[only]! : 0;
    const stopped = stops.includes(tokens.at(-1)!);
    const choice = {
      index: 0,
      text: '…',
      finish_reason: stopped ? 'stop' : 'length',
      stop_reason: stopped ? tokens.at(-1) : null,
      token_ids: body.return_token_ids ? tokens : null,
      prompt_token_ids: prompt,
      logprobs: { token_logprobs: logProbs },
    };
    return [200, { model, choices: [choice] }];
  });
}
