import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng, ExpctrError } from '@expctr/core';
import { loadCausalLM } from '@expctr/llm-lora';
import { serveModel } from '@expctr/lm';
import { writeRandomLlama } from '@expctr/testbed';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { openConnection, postBytes, type HttpAnswer, type HttpConnection } from '../../common/http-connection.js';
import { promise, type Files, type Target } from '../target.js';

/** A request that the server refused, as it is right. */
class Refused extends ExpctrError {}

/** What of an answer would tell of the machine. */
const TELLS = /node:|\.[jt]s[:)"]|\bat [\w.]+ \(|\/tmp\/|expctr-fuzz/u;

const SIZES = { seed: 1, hidden: 8, layers: 1, heads: 2, keyValueHeads: 1, intermediate: 8, vocabulary: 270, maxPositions: 64 };

const ADAPTER = 'adapter';
const TEMPLATE =
  "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}</s>{% endfor %}{% if add_generation_prompt %}<s>assistant:{% endif %}";

let url: string | null = null;
let connection: HttpConnection | null = null;

/** A server of a tiny model, started once; it ends with the process. */
async function served(folder: string): Promise<void> {
  if (url !== null) return;
  await useOnnx();
  await writeRandomLlama(folder, SIZES);
  const config = join(folder, 'tokenizer_config.json');
  writeFileSync(config, JSON.stringify({ ...(JSON.parse(readFileSync(config, 'utf8')) as object), chat_template: TEMPLATE }));
  const policy = await loadCausalLM(folder, { lora: { rank: 1 } });
  policy.adapters.create('made', createRng(1));
  await policy.adapters.save('made', join(folder, ADAPTER));
  process.chdir(folder); // requests name the adapter by where it stands from here
  const server = await serveModel(policy, 'tiny', {
    port: 0,
    enableLora: true,
    bodyBytes: 65_536,
    defaultTokens: 4,
    requestTexts: 8,
  });
  url = server.url;
}

const sampling = {
  max_tokens: 3,
  temperature: 0.5,
  top_p: 0.9,
  top_k: 5,
  min_p: 0.01,
  n: 2,
  seed: 1,
  stop: ['ab'],
  stop_token_ids: [5],
  ignore_eos: true,
};

/** Bodies by the name of their file, and the route of each. */
const REQUESTS: Readonly<Record<string, { readonly route: string; readonly body: unknown }>> = {
  'completions.json': {
    route: '/v1/completions',
    body: { model: 'tiny', prompt: ['Hello', 'a'], logprobs: 1, return_token_ids: true, ...sampling },
  },
  'tokens.json': { route: '/v1/completions', body: { prompt: [1, 5, 9], max_tokens: 2, structured_outputs: { choice: ['yes', 'no'] } } },
  'chat.json': {
    route: '/v1/chat/completions',
    body: { messages: [{ role: 'user', content: 'Hi' }], max_completion_tokens: 2, logprobs: true },
  },
  'schema.json': {
    route: '/v1/completions',
    body: { prompt: 'a', max_tokens: 4, response_format: { type: 'json_schema', json_schema: { schema: { type: 'boolean' } } } },
  },
  'tokenize.json': { route: '/tokenize', body: { prompt: 'Hello', add_special_tokens: false, return_token_strs: true } },
  'detokenize.json': { route: '/detokenize', body: { tokens: [4, 5, 6] } },
  'load.json': { route: '/v1/load_lora_adapter', body: { lora_name: 'x', lora_path: ADAPTER, load_inplace: true } },
};

/** Holds an answer against what every answer promises. @throws Refused where the request was refused, as it may be */
function checked({ status, body }: HttpAnswer): void {
  promise(
    status === 200 || (status >= 400 && status < 500),
    `a status says whose fault it is, and the server is at none: ${status} ${body}`,
  );
  promise(!TELLS.test(body), `an answer tells nothing of the machine: ${body}`);
  if (status === 200) return;
  const { error } = JSON.parse(body) as { error: { reason: string; message: string } };
  promise(/^LM_[A-Z_]+$/u.test(error.reason) && error.message !== '', 'a refusal has a code and a reason');
  throw new Refused(error.reason, error.message);
}

/** Requests to a server of a language model. */
export const languageModelServerTargets: readonly Target[] = [
  {
    name: 'lm',
    description: 'bodies of requests to a server of a language model',
    async samples(folder) {
      await served(folder);
      return Object.entries(REQUESTS).map(([name, { body }]): Files => ({ [name]: Buffer.from(JSON.stringify(body)) }));
    },
    async read(folder) {
      for (const [name, { route }] of Object.entries(REQUESTS)) {
        let body: Uint8Array;
        try {
          body = readFileSync(join(folder, name));
        } catch {
          continue; // another one
        }
        if (connection === null || connection.isClosed) connection = await openConnection(url!);
        const answer = await connection.exchange(postBytes(route, body));
        if (/"stream": ?true/u.test(Buffer.from(body).toString('latin1'))) connection.close(); // events have no length
        checked(answer);
      }
    },
  },
];
