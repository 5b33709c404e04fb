import { createRng } from '@expctr/core';
import { modelAsset } from '@expctr/test-support';
import { compile, frozenMatMul, type FrozenMatrix, mapFrozen, quantize, specOf, type HostTensor } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { familiesWith } from '../../src/families/find.js';
import { openFolder } from '../../src/formats/open-model.js';
import { useBackend } from './oracle.js';

const smol = modelAsset('SmolLM2-135M-Instruct');
beforeAll(() => useBackend('onnx'));

/** Root mean square of the error over that of the product, for standard normal inputs. */
async function errorOf(matrix: HostTensor, format: 'float16' | 'int8' | 'int4'): Promise<number> {
  const rng = createRng('real weights');
  const rows = 16;
  const x: HostTensor = {
    data: Float32Array.from({ length: rows * matrix.shape[1]! }, () => rng.normal()),
    shape: [rows, matrix.shape[1]!],
    dtype: 'float32',
  };
  const stored = [await quantize(matrix, 'float32'), await quantize(matrix, format)] as const;
  const fn = await compile(
    (input: tf.Tensor, [exact, small]: readonly [FrozenMatrix<tf.Tensor>, FrozenMatrix<tf.Tensor>]) =>
      [frozenMatMul(input as tf.Tensor2D, exact), frozenMatMul(input as tf.Tensor2D, small)] as const,
    [specOf(x), stored.map((each) => mapFrozen(each, specOf))] as never,
  );
  const [exact, small] = (await fn.run([x, stored] as never)) as unknown as readonly [HostTensor, HostTensor];
  await fn.dispose();
  let [difference, size] = [0, 0];
  exact.data.forEach((value, i) => {
    difference += (small.data[i]! - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / size);
}

test.skipIf(smol.missing)("products by SmolLM2's own weights lose no more than the format's rounding", async () => {
  const { source } = await openFolder(smol.path, familiesWith());
  for (const name of ['self_attn.q_proj', 'self_attn.v_proj', 'mlp.up_proj', 'mlp.down_proj']) {
    const matrix = await source.read(`model.layers.7.${name}.weight`);
    expect(await errorOf(matrix, 'float16')).toBeLessThan(4e-4);
    expect(await errorOf(matrix, 'int8')).toBeLessThan(0.02);
    expect(await errorOf(matrix, 'int4')).toBeLessThan(0.12);
  }
  await source.close();
});
