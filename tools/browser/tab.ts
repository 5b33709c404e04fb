// In the tab: the same work as in Node, with the model's files fetched into memory.
import { join, mkdir, writeFile } from '@expctr/core/platform';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { measure, type Numbers } from './measure.js';

const FILES = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];

async function inTab(
  device: 'cpu' | 'webgpu',
  weights: 'float32' | 'int8',
  examples: readonly unknown[],
  prompt: string,
): Promise<Numbers> {
  await useOnnx({ device });
  await mkdir('/model', { recursive: true });
  for (const name of FILES) await writeFile(join('/model', name), new Uint8Array(await (await fetch(`model/${name}`)).arrayBuffer()));
  return measure('/model', weights, examples, prompt);
}

/** A result outside compiled functions: awaited it is there, read at once it is refused. */
async function lazily(): Promise<{ readonly sum: number; readonly refusal: string }> {
  await useOnnx();
  const sum = tf.tensor1d([1, 2, 3]).square().sum();
  const later = (await sum.data())[0]!;
  try {
    tf.tensor1d([1, 2]).add(1).dataSync();
    return { sum: later, refusal: 'none' };
  } catch (error) {
    return { sum: later, refusal: (error as { code?: string }).code ?? String(error) };
  }
}

Object.assign(globalThis, { inTab, lazily });
