// Gemma 3 270M here beside transformers: log-probabilities of texts, one of them longer than the window, and greedy continuations.
// usage: npm run tool tools/interop/gemma3.ts FOLDER      what tools/oracles/llm-lora_gemma3.py wrote
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { loadCausalLM } from '@expctr/llm-lora';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wrongUse } from '../common/arguments.js';

interface Numbers {
  /** `logProbs` as base64 of float32, one for each token but the first */
  readonly rows: readonly { readonly text: string; readonly ids: readonly number[]; readonly logProbs: string }[];
  readonly greedy: readonly { readonly prompt: readonly number[]; readonly tokens: readonly number[]; readonly smallestMargin: number }[];
}

const {
  positionals: [folder = wrongUse('no FOLDER is given')],
} = toolArguments({}, 1);
const { rows, greedy } = JSON.parse(await readFile(join(folder, 'numbers.json'), 'utf8')) as Numbers;
console.log(`${cpus()[0]?.model ?? 'unknown processor'}; ${folder}`);

await useOnnx();
let started = performance.now();
const model = await loadCausalLM(folder);
console.log(`loaded as ${model.family} in ${seconds(started)}, ${(process.memoryUsage().rss / 2 ** 30).toFixed(2)} GiB resident`);
let failed = false;
for (const { text, ids, logProbs } of rows) {
  const own = model.tokenizer.encode({ form: 'completion', text });
  const same = own.length === ids.length && ids.every((id, at) => id === own[at]);
  started = performance.now();
  const [got] = await model.logProbabilities({ prompts: [ids.slice(0, 1)], responses: [ids.slice(1)] }, null);
  const expected = floats(logProbs);
  const off = got!.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
  failed ||= off > 2e-3 || !same;
  console.log(
    `${ids.length} tokens${same ? '' : ', tokenized DIFFERENTLY'}: log-probabilities differ by at most ${off.toExponential(1)} nats (${seconds(started)})`,
  );
}
const prompts = greedy.map(({ prompt }) => prompt);
started = performance.now();
const sampling = { temperature: 0, maxNewTokens: greedy[0]!.tokens.length, stopTokenIds: [], seed: ['gemma3'] as const };
const completions = await model.generate(prompts, sampling);
completions.forEach(({ tokens }, row) => {
  const { tokens: expected, smallestMargin } = greedy[row]!;
  const same = expected.filter((token, at) => tokens[at] === token).length;
  failed ||= same < expected.length;
  console.log(
    `greedy: ${same} of ${expected.length} tokens alike, the closest of them ahead by ${smallestMargin.toFixed(3)}: ${JSON.stringify(model.tokenizer.decode(tokens))}`,
  );
});
console.log(`generated in ${seconds(started)}`);
await model.dispose();
if (failed) process.exitCode = 1;

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
