import { compile, spec, useOnnx, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { logitCap } from '../../src/model/head.js';
import { tableRows } from '../../src/model/table.js';
import { headLogits } from '../../src/model/vocabulary.js';
import { type ModelWeights, type TracedWeights } from '../../src/model/weights.js';
import type { LoraFixture } from './lora-fixture.js';
import { forwardTokens } from '../../src/policy/forward.js';
import { packTexts } from '../../src/policy/packing.js';
import { sequenceInputs, sequenceSpecs, type SequenceInputs } from '../../src/policy/token-inputs.js';

/** Selected logits of a padded batch, as tools/oracles/llm-lora_model_llama.py writes them. */
export interface LogitsFixture {
  readonly prompts: readonly (readonly number[])[];
  /** [row, place] */
  readonly places: readonly (readonly [number, number])[];
  readonly vocabulary: readonly number[];
  /** base64 of float32 [places, vocabulary] */
  readonly logits: string;
  readonly largest: number;
  readonly best: readonly number[];
}

export interface StoriesFixture {
  readonly logits: LogitsFixture;
  readonly greedy: readonly { readonly prompt: readonly number[]; readonly tokens: readonly number[] }[];
  readonly lora: LoraFixture & { readonly rank: number; readonly alpha: number };
}

export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(import.meta.dirname, '../fixtures/model', name), 'utf8')) as T;
}

export function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The numbers that the oracle script calls wave: size * sin(start + 0.7 i). */
export function wave(length: number, start: number, size: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => size * Math.sin(start + 0.7 * i));
}

export async function useBackend(name: 'cpu' | 'onnx'): Promise<void> {
  if (name === 'onnx') await useOnnx();
  else await tf.setBackend('cpu');
}

/** Logits of some vocabulary entries at some places of a padded batch. @returns [places, vocabulary] */
export async function logitsOf(
  model: ModelWeights,
  { prompts, places, vocabulary }: Pick<LogitsFixture, 'prompts' | 'places' | 'vocabulary'>,
): Promise<Float32Array> {
  const batch = prompts.length;
  const time = Math.max(...prompts.map(({ length }) => length)) + 2;
  const packed = packTexts(
    prompts.map((shared) => ({ shared, continuations: [] })),
    batch,
    time,
  );
  const traced = (weights: TracedWeights, sequence: SequenceInputs<tf.Tensor>, places1d: tf.Tensor1D, ids: tf.Tensor1D): tf.Tensor => {
    const { hidden } = forwardTokens(model, weights, sequence, { batch, time, lora: [], past: [] });
    const normed = model.family.finalNorm(model.config, weights.parameters.outer, tf.gather(hidden, places1d));
    return headLogits(normed, tableRows(weights.parameters.head, ids), logitCap(model, tf.scalar(1)));
  };
  const specs = [model.specs, sequenceSpecs(model, batch, time), spec([places.length], 'int32'), spec([vocabulary.length], 'int32')];
  const untyped = compile as unknown as (
    fn: unknown,
    specs: unknown,
  ) => Promise<{ run(inputs: unknown): Promise<HostTensor>; dispose(): Promise<void> }>;
  const compiled = await untyped(traced, specs);
  const flat = places.map(([row, place]) => row * time + place);
  const inputs = [model.tree, sequenceInputs(model, packed, batch, time), Int32Array.from(flat), Int32Array.from(vocabulary)];
  const { data } = await compiled.run(inputs);
  await compiled.dispose();
  return data as Float32Array;
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`lengths ${a.length} and ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i += 1) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
