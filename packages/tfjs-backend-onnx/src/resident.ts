import type { InferenceSession } from 'onnxruntime-common';
import { createSession, Tensor } from '#runtime';
import { makeNode, type Value } from './graph.js';
import { serialize } from './onnx.js';
import type { Provider } from './providers.js';
import type { DType, HostArray } from './tensors.js';

/** Providers whose memory ONNX Runtime's binding lends out, with the name of that memory. */
const MEMORY: Partial<Record<Provider, InferenceSession.SessionOptions['preferredOutputLocation']>> = { webgpu: 'gpu-buffer' };

/** Element types that such a provider copies. */
const TYPES: ReadonlySet<DType> = new Set<DType>(['float32', 'int32', 'float16']);

/** What arrays have become on a device, for as long as they live. Those that change their contents must not be put here. */
const held = new WeakMap<HostArray, Map<string, Promise<Tensor>>>();
/** Copies to a device by provider, type and shape. They are never released, for their tensors live in their memory. */
const copies = new Map<string, Promise<InferenceSession>>();

/** Whether arrays of the type can stay on a provider's device. */
export function canStay(provider: Provider, dtype: DType): boolean {
  return MEMORY[provider] !== undefined && TYPES.has(dtype);
}

/** A tensor of the array on the device; the array is copied there once. */
export function onDevice(provider: Provider, data: HostArray, type: { readonly dtype: DType; readonly shape: number[] }): Promise<Tensor> {
  const key = `${provider} ${type.dtype} ${type.shape.join()}`;
  const forms = held.get(data) ?? new Map<string, Promise<Tensor>>();
  held.set(data, forms);
  const known = forms.get(key) ?? upload(key, provider, data, type);
  forms.set(key, known);
  return known;
}

async function upload(
  key: string,
  provider: Provider,
  data: HostArray,
  { dtype, shape }: { dtype: DType; shape: number[] },
): Promise<Tensor> {
  const copy = copies.get(key) ?? createCopy(provider, dtype, shape);
  copies.set(key, copy);
  return (await (await copy).run({ input: new Tensor(dtype, data, shape) }))['output']!;
}

function createCopy(provider: Provider, dtype: DType, shape: readonly number[]): Promise<InferenceSession> {
  const input: Value = { shape, dtype, origin: { kind: 'input', name: 'input' } };
  const { outputs } = makeNode({ op: 'Identity', domain: '', inputs: [input], attributes: {}, scope: '' }, [input]);
  const graph = { name: 'copy', inputs: [input], outputs };
  const { model } = serialize(graph, { inputNames: ['input'], outputNames: ['output'], place: () => undefined });
  return createSession(model, {
    executionProviders: [provider],
    preferredOutputLocation: MEMORY[provider]!,
    logSeverityLevel: 4,
  });
}
