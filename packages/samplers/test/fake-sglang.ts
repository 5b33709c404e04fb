import { startFake, weightsFor, type FakeServer } from './fake-server.js';
import { EOS, readDelta, sample, scoresOf } from './tiny-model.js';

/** What is asked of it. */
interface Body {
  readonly lora_name: string;
  readonly lora_path?: string;
  readonly input_ids: readonly number[];
  readonly sampling_params: {
    readonly temperature: number;
    readonly max_new_tokens: number;
    readonly sampling_seed: number;
    readonly stop_token_ids: readonly number[];
    readonly ignore_eos: boolean;
  };
}

/** Its answer. */
export interface SglangAnswer {
  output_ids: number[];
  readonly meta_info: { prompt_tokens: number; output_token_logprobs: [number, number, null][] };
}

/** SGLang as `src/sglang/sglang-engine.ts` found it. */
export function fakeSglang(): Promise<FakeServer> {
  const folders = new Map<string, string>();
  return startFake('/generate', async (path, asked, server) => {
    const body = asked as Body;
    const { lora_name: name, lora_path: where } = body;
    const listed = (): object => Object.fromEntries([...server.adapters.keys()].map((each) => [each, folders.get(each)]));
    const failed = (error_message: string): readonly [number, unknown] => [
      400,
      { success: false, error_message, loaded_adapters: listed() },
    ];
    if (path === '/load_lora_adapter') {
      if (server.adapters.has(name)) return failed(`Failed to load LoRA adapter ${name}: already loaded`);
      server.adapters.set(name, await readDelta(where!));
      folders.set(name, where!);
      return [200, { success: true, error_message: '', loaded_adapters: listed() }];
    }
    if (path === '/unload_lora_adapter') {
      return server.adapters.delete(name)
        ? [200, { success: true, loaded_adapters: listed() }]
        : failed(`LoRA adapter ${name} does not exist`);
    }
    const { input_ids: prompt, sampling_params: params } = body;
    if (where !== undefined && !server.adapters.has(where)) {
      const folder = folders.get(where);
      // a name that was unloaded comes back by itself, from its folder
      const again = folder === undefined ? undefined : await readDelta(folder).catch(() => undefined);
      if (again === undefined) return [400, { error: { message: `Got LoRA adapter that has never been loaded: ${where}` } }];
      server.adapters.set(where, again);
    }
    const delta = weightsFor(server, where ?? null);
    const { temperature, max_new_tokens: most, sampling_seed: seed } = params;
    const stops = params.ignore_eos ? [] : [...params.stop_token_ids, EOS];
    const tokens = sample(prompt, delta, { most, temperature, seed, stops });
    const logProbs = scoresOf(prompt, tokens, delta, temperature);
    const last = tokens.at(-1)!;
    const meta = {
      prompt_tokens: prompt.length,
      completion_tokens: tokens.length,
      finish_reason: stops.includes(last) ? { type: 'stop', matched: last } : { type: 'length', length: tokens.length },
      output_token_logprobs: tokens.map((token, i) => [logProbs[i], token, null]),
    };
    return [200, { text: '…', output_ids: tokens, meta_info: meta }];
  });
}
