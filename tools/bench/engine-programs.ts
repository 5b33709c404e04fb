// What programs of the engine cost, beside each other: parts of tools/bench/engine.ts. Every comparison runs its sides in turn and
// gives the median of the ratios, because others may compute on the machine. Starting times are given as CPU time too.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkpoint,
  compile,
  flattenTree,
  loadCompiled,
  scanBlocks,
  spec,
  valueAndGradWithAux,
  type HostTensor,
} from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { inTurn, median, timed, type Timed } from '../common/measure.js';
import { lastJson, printed, scriptCommand } from '../common/scripts.js';
import type { MemoryFigures } from './engine-memory.js';
import { llama, llamaParts, randomInputs, type Ends } from './engine-models.js';
import type { Row } from './engine-row.js';

/** What a side of a comparison took. */
export interface SideTimes {
  /** The fastest run. */
  readonly milliseconds: number;
  /** Median of the ratios to the first side. */
  readonly ratio: number;
}

/** Times sides in turn, after one run each that does not count. */
export async function timesInTurn<Name extends string>(
  sides: Readonly<Record<Name, () => Promise<unknown>>>,
  rounds: number,
): Promise<Record<Name, SideTimes>> {
  const names = Object.keys(sides) as Name[];
  for (const name of names) await sides[name]();
  const clocks = Object.fromEntries(names.map((name) => [name, async () => (await timed(sides[name])).milliseconds]));
  const times = await inTurn(clocks, rounds);
  const first = times[names[0]!]!;
  const sideTimes = (list: readonly number[]): SideTimes => ({
    milliseconds: Math.min(...list),
    ratio: median(list.map((each, i) => each / first[i]!)),
  });
  return Object.fromEntries(names.map((name) => [name, sideTimes(times[name]!)])) as Record<Name, SideTimes>;
}

/** A call with 100 inputs of one number each and next to no work: what is not kernels. */
export async function callOverhead(rounds: number): Promise<Row> {
  const sum = (numbers: tf.Tensor[]): tf.Tensor => tf.addN(numbers);
  const fn = await compile(sum, [Array.from({ length: 100 }, () => spec([1]))], { name: 'sum', threads: 1 });
  const inputs = Array.from({ length: 100 }, () => Float32Array.of(1));
  const batches: number[] = [];
  for (let round = 0; round < 20 * rounds; round += 1) {
    const started = performance.now();
    for (let i = 0; i < 20; i += 1) await fn.run([inputs]);
    batches.push((performance.now() - started) / 20);
  }
  await fn.dispose();
  return { label: 'call, 100 inputs', bestMilliseconds: Math.min(...batches), medianMilliseconds: median(batches) };
}

/** From a function to a first run can begin: traced, loaded, and one block for all layers. */
export async function starts(depth: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'engine-starts-'));
  const path = join(folder, 'step.onnx');
  try {
    const { fn, specs } = llama({ depth });
    const first = await timed(() => compile(fn, specs, { name: 'llama' }));
    await first.result.save(path);
    await first.result.dispose();
    const second = await timed(() => loadCompiled(path));
    await second.result.dispose();
    const { base, adapter, carry, block } = llamaParts();
    const scanned = await timed(() => scanBlocks((t, f, x) => block(t, f, x), { trained: adapter, frozen: base, carry, shared: {} }));
    await scanned.result.dispose();
    const row = (label: string, { milliseconds, cpuMilliseconds }: Timed<unknown>): Row => ({ label, milliseconds, cpuMilliseconds });
    return [
      { ...row(`start, ${depth} layers, traced`, first), nodes: first.result.stats.nodes },
      row(`start, ${depth} layers, saved`, second),
      row('start, one block for all', scanned),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The LoRA step of `depth` layers as one graph, with its layers computed again, and as one block for all. */
export async function waysToStep(depth: number, rounds: number): Promise<Row[]> {
  const { fn, specs, vocabulary } = llama({ depth });
  const inputs = randomInputs(specs, { integers: vocabulary, scale: 0.06 });
  const plain = await compile(fn, specs, { name: 'plain', releaseMemory: true });
  const again = await compile(llama({ depth, wrap: checkpoint }).fn, specs, { name: 'again', releaseMemory: true });
  const { base, adapter, ends, ids, carry, block, embed, head } = llamaParts();
  const blocks = await scanBlocks(
    (t, f, x) => block(t, f, x),
    { trained: adapter, frozen: base, carry, shared: {} },
    { releaseMemory: true },
  );
  const embedding = ({ embedding: table }: Ends<tf.Tensor>, tokens: tf.Tensor): tf.Tensor2D => embed(table, tokens);
  const first = await compile(embedding, [ends, ids]);
  const lossOf = valueAndGradWithAux((x: tf.Tensor2D, around: Ends<tf.Tensor>, targets: tf.Tensor) => ({
    loss: head(around, x, targets),
    aux: [],
  }));
  const last = await compile(lossOf, [carry, ends, ids], { releaseMemory: true });
  const [adapters, layers, around, tokens, targets] = inputs;
  const stack = layers.map((frozen, i) => ({ trained: adapters[i]!, frozen }));
  const scan = async (): Promise<{ value: HostTensor; grads: unknown }> => {
    const { carry: state, before } = await blocks.forward(stack, await first.run([around, tokens]), {});
    const { value, grads } = await last.run([state, around, targets]);
    return { value, grads: (await blocks.backward(stack, before, {}, grads)).trained };
  };
  const sides = { 'one graph': () => plain.run(inputs), 'layers computed again': () => again.run(inputs), 'one block for all': scan };
  const results = await timesInTurn(sides, rounds);
  const error = relativeError((await scan()).grads, (await plain.run(inputs)).grads);
  await Promise.all([plain, again, blocks, first, last].map((each) => each.dispose()));
  return Object.entries(results).map(([name, { milliseconds, ratio }]) => ({
    label: `step, ${depth} layers, ${name}`,
    milliseconds,
    ratio,
    gradientError: name === 'one block for all' ? error : undefined,
  }));
}

/** Root mean square of the difference of all leaves over that of the second tree. */
export function relativeError(actual: unknown, expected: unknown): number {
  const [a, b] = [flattenTree<HostTensor>(actual), flattenTree<HostTensor>(expected)];
  let [difference, size] = [0, 0];
  b.forEach(({ data }, leaf) =>
    data.forEach((value, i) => {
      difference += (a[leaf]!.data[i]! - value) ** 2;
      size += value ** 2;
    }),
  );
  return Math.sqrt(difference / size);
}

/** Peak memory of a LoRA step on a real model, each in a process of its own. */
export async function peaks(folder: string): Promise<Row[]> {
  const script = scriptCommand(join(import.meta.dirname, 'engine-memory.ts'), folder);
  const ways = [
    ['at once', { batchTokens: 1024 }],
    ['at once, layers computed again', { batchTokens: 1024, recomputeLayers: true }],
    ['one sequence at a time (default)', {}],
  ] as const;
  const rows: Row[] = [];
  for (const [label, limits] of ways)
    rows.push({ label: `peak, ${label}`, ...lastJson<MemoryFigures>(await printed(script, JSON.stringify(limits))) });
  return rows;
}
