import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTable, readTable, utf8Column, writeTable } from '@expctr/data';
import { createRng } from '@expctr/core';
import { loadAdapter, loadCausalLM, type CausalLM } from '@expctr/llm-lora';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LM_REFUSALS, main, serveModel, type LmServer } from '../src/index.js';
import { writeTinyModel } from './tiny-model.js';

type Json = Record<string, unknown>;

let root: string;
let model: string;
let policy: CausalLM;
let server: LmServer;
const path = (name: string): string => join(root, name);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'expctr-lm-'));
  model = await writeTinyModel(join(root, 'tiny'));
  policy = await loadCausalLM(model, { lora: { rank: 2 } });
  policy.adapters.create('drawn', createRng(1));
  const { config, tensors } = policy.adapters.get('drawn');
  const louder = new Map([...tensors].map(([name, { a, b }]) => [name, { a, b: { ...b, data: b.data.map((_, i) => Math.sin(i)) } }]));
  policy.adapters.set('loud', { config, tensors: louder });
  await policy.adapters.save('loud', path('loud'));
  policy.adapters.delete('drawn');
  policy.adapters.delete('loud');
  server = await serveModel(policy, 'tiny', { port: 0, enableLora: true, maxLoras: 2, requestTexts: 16, queueTexts: 24, defaultTokens: 6 });
});
afterAll(async () => {
  await server.stop();
  await policy.dispose();
  await rm(root, { recursive: true, force: true });
});

/** Asks for JSON, or for text. */
async function ask(at: string, body?: unknown): Promise<{ status: number; value: Json; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
  const answer = await fetch(`${server.url}${at}`, init);
  const text = await answer.text();
  return { status: answer.status, text, value: (answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : {}) as Json };
}
const choicesOf = ({ value }: { value: Json }): Json[] => value['choices'] as Json[];
const errorOf = ({ status, value }: { status: number; value: Json }): string => {
  const { reason, param } = value['error'] as Json;
  return [status, reason, ...(param === null ? [] : [param])].join(' ');
};

describe('completions', () => {
  const asked = { prompt: 'ab', max_tokens: 8, seed: 7, ignore_eos: true, logprobs: 1, return_token_ids: true };

  test('are those of the policy, with ids and log-probabilities, the same for a seed whatever else is asked for meanwhile', async () => {
    const alone = await ask('/v1/completions', asked);
    expect(alone.status).toBe(200);
    const [choice] = choicesOf(alone);
    const tokens = choice!['token_ids'] as number[];
    const prompt = [...policy.tokenizer.encode({ form: 'completion', text: 'ab' })];
    expect(choice).toMatchObject({ index: 0, finish_reason: 'length', stop_reason: null, prompt_token_ids: prompt, text: policy.tokenizer.decodeText(tokens) }); // prettier-ignore
    expect(alone.value['usage']).toEqual({ prompt_tokens: prompt.length, completion_tokens: 8, total_tokens: prompt.length + 8 });
    const [logProbs] = await policy.logProbabilities({ prompts: [prompt], responses: [tokens] }, null);
    const told = (choice!['logprobs'] as Json)['token_logprobs'] as number[];
    told.forEach((value, at) => expect(value).toBeCloseTo(logProbs![at]!, 4));

    const together = await Promise.all([
      ask('/v1/completions', { ...asked, seed: 1, prompt: ['a', 'bcdef'], n: 2 }),
      ask('/v1/completions', { ...asked, temperature: 0.5 }),
      ask('/v1/completions', asked),
    ]);
    expect(choicesOf(together[2])[0]!['token_ids']).toEqual(tokens);
    expect(choicesOf(together[0]).map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    const ids = await ask('/v1/completions', { ...asked, prompt });
    expect(choicesOf(ids)[0]!['token_ids']).toEqual(tokens);
    const unseeded = { prompt: 'ab', max_tokens: 8, ignore_eos: true };
    const [first, second] = [await ask('/v1/completions', unseeded), await ask('/v1/completions', unseeded)];
    expect(choicesOf(first)[0]!['text']).not.toBe(choicesOf(second)[0]!['text']);
  });

  test('stop at tokens, strings and choices, and come as events', async () => {
    const whole = choicesOf(await ask('/v1/completions', asked))[0]! as { token_ids: number[]; text: string };
    const stop = whole.token_ids[3]!;
    const byToken = choicesOf(await ask('/v1/completions', { ...asked, stop_token_ids: [stop] }))[0]!;
    const first = whole.token_ids.indexOf(stop);
    expect(byToken).toMatchObject({ finish_reason: 'stop', stop_reason: stop, token_ids: whole.token_ids.slice(0, first + 1), text: policy.tokenizer.decodeText(whole.token_ids.slice(0, first)) }); // prettier-ignore
    const string = whole.text.slice(2, 4);
    const byString = choicesOf(await ask('/v1/completions', { ...asked, stop: [string] }))[0]!;
    expect(byString).toMatchObject({ finish_reason: 'stop', stop_reason: string, text: whole.text.slice(0, whole.text.indexOf(string)) });
    const chosen = choicesOf(await ask('/v1/completions', { prompt: 'ab', structured_outputs: { choice: ['yes', 'no'] } }))[0]!;
    expect(['yes', 'no']).toContain(chosen['text']);
    const only = choicesOf(await ask('/v1/completions', { ...asked, allowed_token_ids: [5], max_tokens: 2 }))[0]!;
    expect(only).toMatchObject({ token_ids: [5, 5], logprobs: { token_logprobs: [0, 0] } });

    const { text } = await ask('/v1/completions', { ...asked, n: 2, stream: true, stream_options: { include_usage: true } });
    const events = text.split('\n\n').filter((each) => each !== '').map((each) => each.slice('data: '.length)); // prettier-ignore
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events
      .slice(0, -1)
      .map((each) => JSON.parse(each) as { choices: { index: number; text: string; token_ids: number[] }[]; usage?: Json });
    const own = chunks.flatMap(({ choices }) => choices).filter(({ index }) => index === 0);
    expect(own.map((each) => each.text).join('')).toBe(whole.text);
    expect(own.flatMap((each) => each.token_ids)).toEqual(whole.token_ids);
    expect(chunks.at(-1)!.usage).toMatchObject({ completion_tokens: 16 });
  });

  test('go on in a chat from what its template makes of the messages', async () => {
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'ab' }] }];
    const chat = { messages, seed: 3, temperature: 0, ignore_eos: true, return_token_ids: true, logprobs: true };
    const answer = await ask('/v1/chat/completions', chat);
    const prompt = [...policy.tokenizer.encode({ form: 'chat', messages: [{ role: 'user', content: 'ab' }] })];
    expect(answer.value['prompt_token_ids']).toEqual(prompt);
    const [choice] = choicesOf(answer) as [{ token_ids: number[]; message: Json; logprobs: { content: Json[] } }];
    expect(choice.message).toEqual({ role: 'assistant', content: policy.tokenizer.decodeText(choice.token_ids) });
    expect([choice.token_ids.length, choice.logprobs.content.length]).toEqual([6, 6]); // defaultTokens
    const plain = await ask('/v1/completions', { prompt, max_tokens: 6, temperature: 0, ignore_eos: true, return_token_ids: true });
    expect(choicesOf(plain)[0]!['token_ids']).toEqual(choice.token_ids);
    const { text } = await ask('/v1/chat/completions', { ...chat, stream: true });
    const pieces = [...text.matchAll(/"delta":(\{.*?\})/gu)].map(([, delta]) => (JSON.parse(delta!) as { content: string }).content);
    expect(pieces.join('')).toBe(choice.message['content']);
    expect((await ask('/tokenize', { messages })).value).toMatchObject({ tokens: prompt, count: prompt.length, max_model_len: 96 });
    expect((await ask('/detokenize', { tokens: choice.token_ids })).value['prompt']).toBe(policy.tokenizer.decode(choice.token_ids));
    const goesOn = { ...chat, messages: [...messages, { role: 'assistant', content: 'cd' }], continue_final_message: true };
    const longer = [...policy.tokenizer.encode({ form: 'chat', messages: [{ role: 'user', content: 'ab' }], continuation: 'cd' })];
    expect((await ask('/v1/chat/completions', goesOn)).value['prompt_token_ids']).toEqual(longer);
  });
});

test('adapters are loaded, named, listed and unloaded', async () => {
  const greedy = { prompt: 'ab', max_tokens: 6, temperature: 0, ignore_eos: true, return_token_ids: true };
  expect(errorOf(await ask('/v1/completions', { ...greedy, model: 'loud' }))).toBe('404 LM_NO_MODEL model');
  const load = (name: string, folder = 'loud') => ask('/v1/load_lora_adapter', { lora_name: name, lora_path: path(folder) });
  expect(await load('loud')).toMatchObject({ status: 200, text: expect.stringContaining('Success') as string });
  expect(errorOf(await load('loud'))).toBe('400 LM_ADAPTER lora_name');
  expect((await load('loud')).text).toContain('already been loaded');
  expect(errorOf(await load('tiny'))).toBe('400 LM_ADAPTER lora_name');
  const missing = await load('other', 'nothing');
  expect(errorOf(missing)).toBe('400 LM_ADAPTER lora_path');
  expect(missing.text).not.toContain(root);
  expect((await ask('/v1/models')).value['data']).toMatchObject([{ id: 'tiny', parent: null, max_model_len: 96 }, { id: 'loud', parent: 'tiny' }]); // prettier-ignore
  const [base, loud] = [await ask('/v1/completions', greedy), await ask('/v1/completions', { ...greedy, model: 'loud' })];
  expect(loud.value['model']).toBe('loud');
  expect(choicesOf(loud)[0]!['token_ids']).not.toEqual(choicesOf(base)[0]!['token_ids']);
  expect(await load('second')).toMatchObject({ status: 200 });
  expect(errorOf(await load('third'))).toBe('400 LM_ADAPTER lora_name');
  for (const name of ['loud', 'second']) expect(await ask('/v1/unload_lora_adapter', { lora_name: name })).toMatchObject({ status: 200 });
  expect(errorOf(await ask('/v1/unload_lora_adapter', { lora_name: 'loud' }))).toBe('404 LM_NO_ADAPTER lora_name');
  expect(choicesOf(await ask('/v1/completions', greedy))[0]!['token_ids']).toEqual(choicesOf(base)[0]!['token_ids']);
});

describe('what is no right request', () => {
  test('is refused with its status, its code and its place', async () => {
    const cases: [string, unknown, string][] = [
      ['/v1/completions', {}, '400 LM_REQUEST prompt'],
      ['/v1/completions', '[1', '400 LM_JSON the body'],
      ['/v1/completions', { prompt: [] }, '400 LM_REQUEST prompt'],
      ['/v1/completions', { prompt: [[]] }, '400 LM_REQUEST prompt 0'],
      ['/v1/completions', { prompt: [1, 48] }, '400 LM_REQUEST prompt[1]'],
      ['/v1/completions', { prompt: ['a', 3] }, '400 LM_REQUEST prompt[1]'],
      ['/v1/completions', { prompt: 'a', max_tokens: 200 }, '400 LM_CONTEXT prompt 0'],
      ['/v1/completions', { prompt: 'a', max_tokens: 0 }, '400 LM_REQUEST max_tokens'],
      ['/v1/completions', { prompt: 'a', n: 17 }, '400 LM_REQUEST n'],
      ['/v1/completions', { prompt: ['a', 'b'], n: 9 }, '400 LM_REQUEST prompt and n'],
      ['/v1/completions', { prompt: 'a', temperature: -1 }, '400 LM_REQUEST temperature'],
      ['/v1/completions', { prompt: 'a', top_p: 0 }, '400 LM_REQUEST top_p'],
      ['/v1/completions', { prompt: 'a', stop: [''] }, '400 LM_REQUEST stop'],
      ['/v1/completions', { prompt: 'a', logprobs: 5 }, '400 LM_REQUEST logprobs'],
      ['/v1/completions', { prompt: 'a', allowed_token_ids: [1, 2] }, '400 LM_UNSUPPORTED allowed_token_ids'],
      ['/v1/completions', { prompt: 'a', logit_bias: { 5: 1 } }, '400 LM_UNSUPPORTED logit_bias'],
      ['/v1/completions', { prompt: 'a', temprature: 1 }, '400 LM_REQUEST the body'],
      ['/v1/completions', { prompt: 'a', model: 'gpt' }, '404 LM_NO_MODEL model'],
      ['/v1/completions', { prompt: 'a', structured_outputs: { json: { type: 'object', patternProperties: {} } } }, '400 LM_REQUEST'],
      ['/v1/chat/completions', { messages: [] }, '400 LM_REQUEST messages'],
      ['/v1/chat/completions', { messages: [{ role: 'tool', content: 'a' }] }, '400 LM_REQUEST messages[0].role'],
      ['/v1/chat/completions', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, '400 LM_REQUEST messages[0].content[0]'],
      ['/v1/chat/completions', { messages: [{ role: 'user', content: 'a' }], tools: [{}] }, '400 LM_UNSUPPORTED tools'],
      ['/v1/nothing', {}, '404 LM_ROUTE'],
      ['/tokenize', {}, '400 LM_REQUEST prompt'],
    ];
    for (const [at, body, expected] of cases) expect(errorOf(await ask(at, body)), JSON.stringify(body)).toBe(expected);
    expect(await ask('/health')).toMatchObject({ status: 200, value: { status: 'ok' } });
    expect((await ask('/metrics')).text).toContain('expctr_lm_tokens_total');
    const document = (await ask('/openapi.json')).value as { paths: Json; components: { schemas: { Error: Json } } };
    expect(Object.keys(document.paths)).toContain('/v1/load_lora_adapter');
    expect(JSON.stringify(document)).toContain(Object.keys(LM_REFUSALS)[0]);
  });

  test('is answered with 4xx or 200, whatever JSON it is', async () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('a', 1, 0, -1, true, [1, 2], ['a'], { type: 'text' }));
    const body = fc.dictionary(
      fc.constantFrom('prompt', 'messages', 'n', 'seed', 'stop', 'top_k', 'min_p', 'logprobs', 'stop_token_ids', 'response_format', 'model', 'stream_options', 'x'),
      value,
    ); // prettier-ignore
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/v1/completions', '/v1/chat/completions', '/tokenize', '/v1/load_lora_adapter'),
        body,
        async (at, fields) => {
          const { status, text } = await ask(at, { ...fields, max_tokens: 1 });
          expect(status === 200 || (status >= 400 && status < 500), `${status} ${text}`).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the command line', () => {
  async function run(...argv: string[]): Promise<{ status: number; out: string; said: string }> {
    const [printed, said]: [string[], string[]] = [[], []];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => (printed.push(String(text)), true));
    const silent = vi.spyOn(process.stderr, 'write').mockImplementation((text) => (said.push(String(text)), true));
    try {
      return { status: await main(argv), out: printed.join(''), said: said.join('') };
    } finally {
      write.mockRestore();
      silent.mockRestore();
    }
  }

  test('describes, tunes, scores, generates, merges and converts', async () => {
    expect(JSON.parse((await run('describe', model, '--json')).out)).toMatchObject({
      family: 'llama',
      parameters: 2992,
      tokenizer: { hasChatTemplate: true },
    });
    const rows = ['abc', 'bcd', 'cde', 'def'].map((word) => ({ prompt: word, completion: [...word].reverse().join('') }));
    await writeFile(path('train.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await writeTable(
      path('held.arrow'),
      buildTable('examples/1', 2, [utf8Column('prompt', ['efg', 'fgh']), utf8Column('completion', ['gfe', 'hgf'])]),
    );
    const tune = ['finetune', model, '--train', path('train.jsonl'), '--evaluation', path('held.arrow'), '--out', path('tuned')];
    const tuned = await run(
      ...tune,
      '--epochs',
      '3',
      '--batch-size',
      '2',
      '--learning-rate',
      '0.02',
      '--rank',
      '2',
      '--target',
      'all-linear',
    );
    expect(tuned.out).toContain('6 updates on 4 rows');
    expect((await loadAdapter(path('tuned/adapter'))).config).toMatchObject({ rank: 2, alpha: 4 });
    expect((await run(...tune)).status).toBe(2); // a checkpoint lies there

    const score = await run(
      'score',
      model,
      '--adapter',
      path('tuned/adapter'),
      '--input',
      path('train.jsonl'),
      '--output',
      path('scores.arrow'),
    );
    expect(score.status).toBe(0);
    const table = await readTable(path('scores.arrow'));
    expect(Array.from(table.getChild('row')!)).toEqual([0, 1, 2, 3]);
    await writeFile(path('asked.jsonl'), '{"prompt": "abc", "answers": ["yes", "no"]}\n');
    const answers = JSON.parse((await run('score', model, '--input', path('asked.jsonl'))).out.split('\n')[0]!) as Json;
    expect((answers['probabilities'] as number[]).reduce((a, b) => a + b)).toBeCloseTo(1, 6);

    const generate = ['generate', model, 'abc', '--max-tokens', '5', '--temperature', '0', '--raw'];
    const text = (await run(...generate)).out;
    const many = await run(
      'generate',
      model,
      '--input',
      path('train.jsonl'),
      '--output',
      path('texts.arrow'),
      '--n',
      '2',
      '--max-tokens',
      '5',
      '--temperature',
      '0',
      '--raw',
    );
    expect(many.status).toBe(0);
    expect(`${(await readTable(path('texts.arrow'))).getChild('text')!.get(0) as string}\n`).toBe(text);

    expect((await run('merge', model, path('tuned/adapter'), path('merged'))).status).toBe(0);
    const merged = (await run('generate', path('merged'), ...generate.slice(2))).out;
    expect(merged).toBe((await run(...generate, '--adapter', path('tuned/adapter'))).out);
    expect((await run('convert-adapter', path('tuned/adapter'), path('adapter.gguf'), '--model', model)).status).toBe(0);
    expect((await readFile(path('adapter.gguf'))).subarray(0, 4).toString()).toBe('GGUF');
  });

  test('says what is wrong, and how to go on', async () => {
    const cases: [string[], number, string][] = [
      [['describe', path('nothing')], 2, 'CHECKPOINT_NOT_FOUND'],
      [['generate', model, 'a', '--input', 'b'], 2, 'LM_OPTION'],
      [['score', model, '--input', path('none.jsonl')], 1, 'FILE_MISSING'],
      [['finetune', model], 2, '--train'],
      [['finetune', model, '--train', 'a', '--out', 'b', '--epochs', '-1'], 2, 'epochs'],
      [['serve', model, '--port', '70000'], 2, 'port'],
      [['tune'], 2, 'unknown command'],
    ];
    for (const [argv, status, part] of cases) {
      const { status: got, said } = await run(...argv);
      expect(said, argv.join(' ')).toContain(part);
      expect(got, argv.join(' ')).toBe(status);
    }
    await writeFile(path('bad.jsonl'), '{"prompt": "a", "completion": "b"}\n{"prompt": "a"}\n');
    const bad = await run('finetune', model, '--train', path('bad.jsonl'), '--out', path('never'));
    expect(bad).toMatchObject({ status: 1, said: expect.stringContaining('bad.jsonl:2') as string });
  });
});
