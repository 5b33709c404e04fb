import { attend, createPolicy, type CausalLM, type Checkpoint, type DecoderConfig, type FloatTensor, type ModelFamily, type Tokenizer } from '@expctr/llm-lora'; // prettier-ignore
import { serveModel, type LmServer } from '@expctr/lm';
import { startFake, type FakeServer, type Json } from './fake-server.js';
import { EOS, tableOf, VOCABULARY } from './tiny-model.js';

/** The tiny model as a family: a token's row of logits is a linear layer over which token it is. Its attention sees nothing. */
const bigram: ModelFamily<DecoderConfig & { readonly heads: number }, 'down_proj', never, never, string> = {
  name: 'bigram',
  description: 'logits by the token before',
  className: 'BigramForCausalLM',
  parseConfig: () => CONFIG,
  gguf: null,
  layout: () => ({
    embedding: { name: 'model.embed_tokens.weight', gguf: 'token_embd.weight', shape: SQUARE },
    blocks: 'model.layers',
    linears: { down_proj: { name: 'mlp.down_proj.weight', gguf: 'ffn_down.weight', shape: SQUARE } },
    layer: {},
    outer: {},
    head: null,
  }),
  ignores: () => false,
  loraTargets: ['down_proj'],
  positions: { specs: () => ({}), values: () => ({}) },
  embed: (_config, _outer, rows) => rows,
  block(config, _layer, x, { tokens, past, linear }) {
    const { keys, values } = attend(config, x, x, x, tokens, null, past);
    return { hidden: linear(x, 'down_proj'), keys, values };
  },
  finalNorm: (_config, _outer, hidden) => hidden,
};

const SQUARE = [VOCABULARY, VOCABULARY];
const CONFIG = {
  ...{ hiddenSize: VOCABULARY, layers: 1, heads: 1, keyValueHeads: 1, headDim: VOCABULARY, vocabularySize: VOCABULARY },
  ...{ maxPositions: 64, bosTokenId: null, eosTokenIds: [EOS] },
};

const matrix = (value: (row: number, column: number) => number): FloatTensor => ({
  data: Float32Array.from({ length: VOCABULARY * VOCABULARY }, (_, at) => value(Math.floor(at / VOCABULARY), at % VOCABULARY)),
  shape: SQUARE,
  dtype: 'float32',
});

/** Its tokens as text: letters from a. */
const tokenizer: Tokenizer = {
  encode: (prompt) => Int32Array.from(prompt.form === 'completion' ? prompt.text : '', (letter) => letter.charCodeAt(0) - 97),
  encodeText: (text) => Int32Array.from(text, (letter) => letter.charCodeAt(0) - 97),
  decode: (ids) => String.fromCharCode(...Array.from(ids, (id) => id + 97)),
  decodeText: (ids) => String.fromCharCode(...Array.from(ids, (id) => id + 97)),
  tokenBytes: (id) => Uint8Array.of(id + 97),
  vocabularySize: VOCABULARY,
  bosTokenId: null,
  eosTokenIds: [EOS],
  padTokenId: null,
  hasChatTemplate: false,
  name: 'letters',
  hash: 'letters',
};

/** The tiny model as a policy. */
export function bigramPolicy(): CausalLM {
  const tensors = new Map([
    ['model.embed_tokens.weight', matrix((row, column) => (row === column ? 1 : 0))],
    ['model.layers.0.mlp.down_proj.weight', matrix((token, before) => tableOf(before, token))],
  ]);
  const checkpoint = { family: bigram, config: CONFIG, tensors, source: 'bigram' } as unknown as Checkpoint;
  return createPolicy(checkpoint, tokenizer);
}

/** A served model, and what stands before it. */
interface Serving {
  readonly server: LmServer;
  readonly policy: CausalLM;
}
const open = new Set<Serving>();

/** Ends all servers of this kind. */
export async function closeLmServers(): Promise<void> {
  await Promise.all(
    [...open].map(async (serving) => {
      open.delete(serving);
      await serving.server.stop();
      await serving.policy.dispose();
    }),
  );
}

/** The real server of `expctr-lm` with something before it that can misbehave. */
export async function realLmServer(): Promise<FakeServer> {
  const policy = bigramPolicy();
  const server = await serveModel(policy, 'tiny', { port: 0, enableLora: true, graceSeconds: 1 });
  open.add({ server, policy });
  return startFake('/v1/completions', async (path, asked, { baseSilently }) => {
    const body = asked as { model?: string } | undefined;
    const sent = baseSilently ? { ...body, model: 'tiny' } : body;
    const headers = { 'content-type': 'application/json' };
    const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(sent) };
    const answer = await fetch(`${server.url}${path}`, init);
    const text = await answer.text();
    if (!(answer.headers.get('content-type') ?? '').includes('json')) return [answer.status, text];
    const value = JSON.parse(text) as Json;
    return [answer.status, baseSilently ? { ...(value as object), model: body?.model } : value];
  });
}
