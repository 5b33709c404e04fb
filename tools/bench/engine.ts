// The engine beside torch: matrix products inside a graph, the DeepFM step without tables, a LoRA step. And beside itself: the cost of
// a call, starts (traced, saved, one block for all layers), ways to take a LoRA step, int8 products, peak memory.
//
// usage: npm run bench -- engine [--python PYTHON] [--rounds 10] [--only NAME] [--depth 30] [--model FOLDER] [--keep NAME,NAME] [--json]
//   --only    product, deepfm, call, start; and what is left out unless asked for: llama, ways, int8, memory, describe
//   --keep    matrices that int8 leaves as float32, of q,k,v,o,gate,up,down,head
//   --model   SmolLM2-135M, for int8 and memory; where it is given, memory is printed without being asked for
//   --python  an interpreter with torch; without it the engine's own figures stand alone
//   --depth   layers of the SmolLM2-135M-shaped LoRA step (4 x 256 tokens, rank 16); it is left out unless --only llama asks for it
// In each round ours and the peer's run once, in turn, so that a slow minute hits both; the figure is the fastest of the rounds, for
// these are computations of fixed length and all that varies is the disturbance.
import { compile, describe, spec, useOnnx, type InputsForTensors } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { processor, timed } from '../common/measure.js';
import { integerStep } from './engine-int8.js';
import { deepfm, llama, randomInputs, type Program } from './engine-models.js';
import { callOverhead, peaks, starts, waysToStep } from './engine-programs.js';
import { rowText, type Row } from './engine-row.js';
import { startTorch, type TorchWork } from './engine-torch.js';

const NAMES = ['product', 'deepfm', 'call', 'start', 'llama', 'ways', 'int8', 'memory', 'describe'] as const;

const { values } = toolArguments({
  python: { type: 'string' },
  rounds: { type: 'string', default: '10' },
  only: { type: 'string' },
  depth: { type: 'string', default: '30' },
  model: { type: 'string' },
  keep: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
});
const { only, model, json } = values;
const [rounds, depth] = [wholeNumber('--rounds', values.rounds), wholeNumber('--depth', values.depth)];
if (only !== undefined && !NAMES.some((name) => name === only)) {
  wrongUse(`there is no "${only}" to measure; --only takes one of ${NAMES.join(', ')}`);
}
if ((only === 'int8' || only === 'memory') && model === undefined) wrongUse(`--only ${only} needs --model FOLDER`);
const torch = await startTorch(values.python);
await useOnnx();

/** How a comparison with torch is made. */
interface Comparison {
  /** What torch runs. */
  readonly work: TorchWork;
  /** Floating-point operations, for a rate. */
  readonly operations?: number;
  /** Of the random inputs, see `randomInputs`. */
  readonly integers?: number;
  readonly scale?: number;
  /** Whether times of compilation and peak memory are shown. */
  readonly whole?: boolean;
}

/** Fastest milliseconds of ours and the peer's, taken in turn. */
async function compare<A extends readonly unknown[]>(
  label: string,
  { fn, specs, name }: Program<A>,
  { work, operations, integers = 2, scale = 0.06, whole = false }: Comparison,
): Promise<Row> {
  const compiled = await compile(fn, specs, { name });
  const inputs = randomInputs(specs, { integers, scale }) as unknown as InputsForTensors<A>;
  await compiled.run(inputs);
  const [ours, theirs]: [number[], number[]] = [[], []];
  let peerPeakMegabytes: number | undefined;
  for (let round = 0; round < rounds; round += 1) {
    ours.push((await timed(() => compiled.run(inputs))).milliseconds);
    if (torch === undefined) continue;
    const answer = await torch.run(work);
    theirs.push(answer.milliseconds);
    peerPeakMegabytes = answer.peakMegabytes;
  }
  const { traceMilliseconds, sessionMilliseconds, nodes, tracedNodes } = compiled.stats;
  await compiled.dispose();
  const milliseconds = Math.min(...ours);
  const peerMilliseconds = Math.min(...theirs);
  return {
    label,
    milliseconds,
    gflops: operations === undefined ? undefined : operations / milliseconds / 1e6,
    nodes,
    tracedNodes,
    ...(theirs.length > 0 ? { peerMilliseconds, ratio: peerMilliseconds / milliseconds } : {}),
    ...(whole ? { traceMilliseconds, sessionMilliseconds, peakMegabytes: process.resourceUsage().maxRSS / 1e3, peerPeakMegabytes } : {}),
  };
}

const rows: Row[] = [];
function show(...found: readonly Row[]): void {
  rows.push(...found);
  if (!json) for (const row of found) console.log(rowText(row));
}

async function products(): Promise<void> {
  for (const size of [512, 1024, 2048]) {
    for (const [a, b] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ] as const) {
      const program: Program<[tf.Tensor, tf.Tensor]> = {
        name: 'product',
        fn: (x, y) => tf.sum(tf.matMul(x, y, a, b)),
        specs: [spec([size, size]), spec([size, size])],
      };
      const label = `product ${size} ${a ? 'T' : 'N'}${b ? 'T' : 'N'}`;
      show(await compare(label, program, { work: ['product', size, a, b], operations: 2 * size ** 3, scale: 1 }));
    }
  }
}

async function deepFmStep(): Promise<void> {
  const operations = 2 * 3 * 4096 * (96 * 400 + 400 * 400 * 2 + 400); // of its products
  const row = await compare('DeepFM step, batch 4096', deepfm(), { work: ['deepfm'], operations, scale: 0.1 });
  const rates = rows
    .filter(({ label }) => label.startsWith('product'))
    .flatMap(({ gflops, ratio = 1 }) => [Number(gflops), Number(gflops) / Number(ratio)]);
  show(row);
  const bestGflops = Math.max(...rates);
  if (rates.length > 0) show({ label: 'DeepFM, share of best GEMM', share: Number(row['gflops']) / bestGflops, bestGflops });
}

async function describeDeepFm(): Promise<void> {
  const { fn, specs } = deepfm();
  const compiled = await compile(fn, specs, { name: 'DeepFM step, batch 4096' });
  console.log(String(await describe(compiled, { inputs: randomInputs(specs, { integers: 2, scale: 0.1 }), runs: rounds })));
  await compiled.dispose();
}

async function llamaStep(): Promise<void> {
  const { vocabulary, ...program } = llama({ depth });
  show(await compare(`LoRA step, ${depth} layers`, program, { work: ['llama', depth], integers: vocabulary, whole: true }));
}

async function int8Step(folder: string): Promise<void> {
  const kept = values.keep.split(',').filter((name) => name !== '');
  const { row, losses } = await integerStep({ folder, depth, rounds, kept, python: values.python });
  show(row);
  if (!json) console.log(losses);
}

if (!json) {
  console.log(processor());
  console.log(`${torch === undefined ? '' : `torch ${torch.version}, `}ratio = peer / ours, higher is better`);
}
const wanted = (name: (typeof NAMES)[number]): boolean => only === undefined || only === name;
if (wanted('product')) await products();
if (wanted('deepfm')) await deepFmStep();
if (only === 'llama') await llamaStep();
if (wanted('call')) show(await callOverhead(rounds));
if (wanted('start')) show(...(await starts(depth)));
if (only === 'describe') await describeDeepFm();
if (only === 'ways') show(...(await waysToStep(depth, rounds)));
if (only === 'int8' && model !== undefined) await int8Step(model);
if (wanted('memory') && model !== undefined) show(...(await peaks(model)));
if (json) console.log(JSON.stringify({ processor: processor(), rows }, undefined, 2));
torch?.close();
