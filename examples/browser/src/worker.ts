// Holds the model, so that the page stays alive while it computes.
import { basename, dirname, join, mkdir, readdir, readFile, rm, writeFile } from '@expctr/core/platform';
import { loadCausalLM, type CausalLM } from '@expctr/llm-lora';
import { finetune, jsonLines, parseExample } from '@expctr/llm-lora/sft';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import type { AdapterFile, Answers, FromWorker, News, Question } from './messages.js';

const ADAPTER = '/adapter';
/** Files of a model's folder; those in the second list may be missing. */
const NEEDED = ['config.json', 'tokenizer.json', 'model.safetensors'];
const BESIDE = ['generation_config.json', 'tokenizer_config.json', 'chat_template.jinja'];

let policy: CausalLM | undefined;

type Tell = (news: News) => void;

async function load({ model, device, files }: Extract<Question, { kind: 'load' }>, tell: Tell): Promise<Answers['load']> {
  await useOnnx({ device });
  await policy?.dispose();
  policy = undefined;
  const isAddress = /^(https?:|\/|\.)/u.test(model);
  const folder = isAddress ? await fetchFolder(model, tell) : model;
  policy = await loadCausalLM(folder, {
    lora: { rank: 8 },
    // a hub id, such as HuggingFaceTB/SmolLM2-135M-Instruct, comes from the hub
    ...(isAddress ? {} : { hub: { onProgress: ({ file, bytes }) => tell({ kind: 'file', name: file, bytes }) } }),
  });
  if (isAddress) await rm(folder, { recursive: true }); // the weights are in the policy now
  if (files.length > 0) {
    await rm(ADAPTER, { recursive: true, force: true });
    for (const { name, bytes } of files) await put(join(ADAPTER, basename(name)), bytes);
    await policy.adapters.load(ADAPTER, 'given');
  }
  const parameters = [...policy.checkpoint.tensors.values()].reduce((sum, tensor) => sum + ('data' in tensor ? tensor.data.length : 0), 0);
  const threads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  return { model: `${policy.family} of ${policy.config.layers} layers`, parameters, threads };
}

/** Fetches the files of a model from below an address into memory. */
async function fetchFolder(address: string, tell: Tell): Promise<string> {
  const folder = '/model';
  await rm(folder, { recursive: true, force: true });
  for (const name of [...NEEDED, ...BESIDE]) {
    const response = await fetch(`${address.replace(/\/+$/u, '')}/${name}`);
    if (!response.ok && BESIDE.includes(name)) continue;
    if (!response.ok) throw new Error(`${name} of ${address} cannot be had: the server answers ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    await put(join(folder, name), bytes);
    tell({ kind: 'file', name, bytes: bytes.byteLength });
  }
  return folder;
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

async function generate({ prompt, tokens, adapter }: Extract<Question, { kind: 'generate' }>, tell: Tell): Promise<Answers['generate']> {
  const { tokenizer } = loaded();
  const prompts = [tokenizer.encode({ form: 'completion', text: prompt })];
  const started = performance.now();
  const written: number[] = [];
  await loaded().generate(prompts, {
    maxNewTokens: tokens,
    stopTokenIds: tokenizer.eosTokenIds,
    seed: [1],
    temperature: 0,
    ...(adapter ? {} : { adapter: null }),
    onToken(token) {
      written.push(token);
      tell({ kind: 'text', text: tokenizer.decodeText(written) });
    },
  });
  return { text: tokenizer.decodeText(written), tokensPerSecond: written.length / ((performance.now() - started) / 1000) };
}

async function train({ examples, epochs, learningRate }: Extract<Question, { kind: 'train' }>, tell: Tell): Promise<Answers['train']> {
  const lines = [...jsonLines(new TextEncoder().encode(examples), 'examples')];
  const parsed = lines.map(({ value, where }) => parseExample(value, where));
  const { steps } = await finetune(loaded(), parsed, {
    epochs,
    learningRate,
    batchSize: 4,
    schedule: 'constant',
    onProgress: ({ step, steps: all, loss, tokensPerSecond }) => tell({ kind: 'step', step, steps: all, loss, tokensPerSecond }),
  });
  return { steps };
}

async function save(): Promise<Answers['save']> {
  const { adapters } = loaded();
  if (adapters.active === '') throw new Error('there is no adapter yet: learn one first');
  await adapters.save(adapters.active, ADAPTER);
  const files: AdapterFile[] = [];
  for (const name of await readdir(ADAPTER)) files.push({ name, bytes: await readFile(join(ADAPTER, name)) });
  return { files };
}

function loaded(): CausalLM {
  if (policy === undefined) throw new Error('no model is loaded');
  return policy;
}

async function answer(question: Question, tell: Tell): Promise<Answers[keyof Answers]> {
  switch (question.kind) {
    case 'load':
      return load(question, tell);
    case 'generate':
      return generate(question, tell);
    case 'train':
      return train(question, tell);
    case 'save':
      return save();
  }
}

let last: Promise<void> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<{ readonly id: number; readonly question: Question }>) => {
  const { id, question } = data;
  const post = (message: FromWorker): void => postMessage(message);
  last = last
    .then(() => answer(question, (news) => post({ id, news })))
    .then((given) => post({ id, answer: given }))
    .catch((error: unknown) => post({ id, error: error instanceof Error ? error.message : String(error) }));
});
