import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compile, spec, useOnnx, type Provider } from '../src/index.js';
import { providerFailure } from '../src/providers.js';

beforeAll(() => useOnnx());

const on = (provider: string): Promise<unknown> =>
  compile((x: tf.Tensor1D) => tf.exp(x), [spec([3])], { name: 'model', providers: [provider as Provider] });

test('a provider that does not exist is refused with the names of those that do', async () => {
  await expect(on('tpu')).rejects.toMatchObject({
    code: 'COMPILED_PROVIDER',
    message: expect.stringContaining('cpu, cuda, webgpu, coreml, dml') as string,
  });
});

test.skipIf(process.platform === 'win32' || process.platform === 'darwin')(
  'a provider of another platform is refused with what it needs',
  async () => {
    await expect(on('coreml')).rejects.toThrow(/model: the execution provider coreml does not exist on .* Expected macOS/);
    await expect(on('dml')).rejects.toThrow(/Windows/);
  },
);

test('a provider that does not start is named, with how to get it', () => {
  const cause = new Error('OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library');
  expect(providerFailure(['cuda', 'cpu'], 'model', cause)?.message).toContain('--onnxruntime-node-install=cuda12');
  const adapter = new Error('onnxruntime/core/providers/webgpu/webgpu_context.cc:136 Failed to get a WebGPU adapter');
  expect(providerFailure(['webgpu'], 'model', adapter)?.message).toContain('libvulkan1');
  expect(providerFailure(['cpu'], 'model', cause)).toBeUndefined();
});
