import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, test, vi } from 'vitest';
import { defaultProviders, lazyProviders } from '../src/device.js';
import { compile, spec, useOnnx, type Device } from '../src/index.js';

const supported = vi.hoisted(() => ({ names: undefined as string[] | undefined }));
vi.mock('onnxruntime-node', async (original) => {
  const module = await original<typeof import('onnxruntime-node')>();
  const listSupportedBackends = (): { name: string }[] => supported.names?.map((name) => ({ name })) ?? module.listSupportedBackends();
  return { ...module, listSupportedBackends };
});

afterEach(async () => {
  supported.names = undefined;
  await useOnnx({ device: 'cpu', lazy: false });
});

test('the device holds until another is named, and single operations stay on the processor unless they are sent there', async () => {
  supported.names = ['cpu', 'cuda'];
  expect(defaultProviders()).toEqual(['cpu']);
  await useOnnx({ device: 'cuda' });
  await useOnnx();
  expect(defaultProviders()).toEqual(['cuda', 'cpu']);
  expect(lazyProviders()).toEqual(['cpu']);
  await useOnnx({ lazy: true });
  expect(lazyProviders()).toEqual(['cuda', 'cpu']);
});

test('what is compiled then goes to the device, and says what is missing where it does not start', async () => {
  supported.names = ['cpu', 'cuda'];
  await useOnnx({ device: 'cuda' });
  const made = compile((x: tf.Tensor1D) => tf.exp(x), [spec([3])], { name: 'model' });
  await expect(made).rejects.toMatchObject({ code: 'COMPILED_PROVIDER', message: expect.stringContaining('cuda') as string });
});

test('a device that does not exist, or not here, is refused before anything changes', async () => {
  await expect(useOnnx({ device: 'tpu' as Device })).rejects.toMatchObject({
    code: 'COMPILED_PROVIDER',
    message: expect.stringContaining('cpu, webgpu, cuda, coreml, directml') as string,
  });
  supported.names = ['cpu'];
  await expect(useOnnx({ device: 'directml' })).rejects.toThrow(/useOnnx: the execution provider dml does not exist/);
  expect(defaultProviders()).toEqual(['cpu']);
});
