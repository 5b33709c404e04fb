import * as tf from '@tensorflow/tfjs';
import { GraphBuilder } from './builder.js';
import { constantValue, elementsOf } from './constants.js';
import { TraceError } from './errors.js';
import type { Origin, Value } from './graph.js';
import { disposeSessions, evaluate, knownValue } from './lazy.js';
import { lowerings } from './lowerings/index.js';
import type { Lowering, Refusal } from './lowerings/lowering.js';
import type { HostArray } from './tensors.js';
import { placeOf } from './user-line.js';

/** The name under which the backend is registered. */
export const BACKEND = 'onnx';

type DataId = tf.Tensor['dataId'];

/** A trace that is going on: whose tensors may be used, and the first thing that went wrong. */
export interface Trace {
  readonly functionName: string;
  /** Tensors made outside that the function may use, by data id. */
  readonly captured: ReadonlyMap<DataId, Value>;
  /** Where user code made each constant. No part of the graph: an Error holds what the calls on its stack were made on. */
  readonly sites: Map<Origin, Error>;
  /** Kept because user code may swallow the exception, or tfjs turn it into a rejected promise. */
  error?: TraceError;
}

/** What the backend knows of a tensor. */
interface TensorRecord {
  value: Value;
  /** The trace that made it; undefined when it was made outside any. */
  readonly trace: Trace | undefined;
  /** Kernel that made it, for messages. */
  readonly kernel: string;
  references: number;
}

/** The tfjs backend whose kernels record graph nodes in place of computing. */
export class OnnxBackend extends tf.KernelBackend {
  readonly #records: tf.DataStorage<TensorRecord>;
  readonly #builder = new GraphBuilder(scopePath);
  /** The trace that is going on. */
  trace: Trace | undefined;

  constructor() {
    super();
    this.#records = new tf.DataStorage<TensorRecord>(this, tf.engine());
  }

  /** Records a kernel call and returns its symbolic results. */
  record(
    kernel: string,
    entry: Lowering | Refusal,
    inputs: tf.NamedTensorInfoMap,
    attributes: tf.NamedAttrMap,
  ): tf.TensorInfo | tf.TensorInfo[] {
    if (entry.kind === 'refusal') {
      throw this.#failure('TRACE_UNKNOWN_KERNEL', `tfjs's kernel ${kernel} cannot be traced: ${entry.reason}`, entry.remedy);
    }
    const values: [string, Value][] = Object.entries(inputs).flatMap(([name, info]) =>
      info ? [[name, this.graphValue(info, kernel)]] : [],
    );
    const result = entry.lower(Object.fromEntries(values), attributes, this.#builder);
    return Array.isArray(result)
      ? (result as readonly Value[]).map((value) => this.tensorInfo(value, kernel))
      : this.tensorInfo(result as Value, kernel);
  }

  /** A tfjs tensor for a graph value. */
  tensorInfo(value: Value, kernel: string): tf.TensorInfo {
    const dataId = {};
    this.#records.set(dataId, { value, trace: this.trace, kernel, references: 1 });
    return { dataId, shape: [...value.shape], dtype: value.dtype as tf.DataType };
  }

  /** The graph value of a tensor, if the trace that is going on may use it. */
  graphValue(info: tf.TensorInfo, user: string): Value {
    const captured = this.trace?.captured.get(info.dataId);
    if (captured !== undefined) return reshaped(captured, info);
    // a tensor of another backend is moved here by the storage's `get`, so look first
    const record = this.trace === undefined || this.#records.has(info.dataId) ? this.#records.get(info.dataId) : undefined;
    if (record === undefined || record.trace !== this.trace) throw this.#captured(info, user);
    return reshaped(record.value, info);
  }

  #captured(info: tf.TensorInfo, user: string): TraceError {
    const shown = `${info.dtype}[${info.shape.join(',')}]`;
    if (info instanceof tf.Variable) {
      return this.#failure(
        'TRACE_VARIABLE',
        `${user} uses the variable ${info.name} (${shown}), which was made outside the function`,
        'pass its value in as an input, or make the tf.variable inside the function from its inputs',
      );
    }
    return this.#failure(
      'TRACE_CAPTURED_TENSOR',
      `${user} uses a tensor (${shown}) that was made outside the function`,
      'pass it in as an input, or list it in options.constants to store it in the graph',
    );
  }

  #failure(
    code: 'TRACE_UNKNOWN_KERNEL' | 'TRACE_VARIABLE' | 'TRACE_CAPTURED_TENSOR' | 'TRACE_READS_VALUE',
    what: string,
    remedy: string,
  ): TraceError {
    const error = new TraceError(code, what, { where: placeOf(this.trace?.functionName ?? `the ${BACKEND} backend`, new Error()), remedy });
    if (this.trace !== undefined) this.trace.error ??= error;
    return error;
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    const dataId = {};
    this.#store(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(dataId: DataId, values: tf.BackendValues, shape: number[], dtype: tf.DataType, references: number): void {
    this.#store(dataId, values, shape, dtype, references);
  }

  #store(dataId: DataId, values: tf.BackendValues, shape: number[], dtype: tf.DataType, references: number): void {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
      throw new TraceError('TRACE_UNSUPPORTED_DTYPE', `a tensor of type ${dtype}`, {
        where: this.trace?.functionName ?? `the ${BACKEND} backend`,
        expected: 'float32, int32 or bool',
      });
    }
    const value = constantValue(typed(values, dtype), shape, dtype);
    // an Error costs little until its stack is read, which only a failure does
    this.trace?.sites.set(value.origin, new Error());
    this.#records.set(dataId, { value, trace: this.trace, kernel: 'a constant', references });
  }

  override readSync(dataId: DataId): tf.BackendValues {
    const record = this.#records.get(dataId);
    record.value = knownValue(record.value);
    const elements = elementsOf(record.value);
    if (elements !== undefined) return elements as HostArray;
    if (record.trace !== undefined || this.trace !== undefined) throw this.#readFailure(record);
    return evaluate(record.value);
  }

  override read(dataId: DataId): Promise<tf.BackendValues> {
    const record = this.#records.get(dataId);
    if (this.trace !== undefined && elementsOf(record.value) === undefined) {
      // the trace ends with this error; a rejected promise that nobody awaits would end the process as well
      this.#readFailure(record);
      return new Promise(() => undefined);
    }
    return new Promise((resolve) => resolve(this.readSync(dataId)));
  }

  #readFailure(record: TensorRecord): TraceError {
    return this.#failure(
      'TRACE_READS_VALUE',
      `the value of a result of ${record.kernel} was read (data, dataSync, array, arraySync, print), but a traced function has shapes only`,
      'choose with tf.where in place of a JavaScript branch, return the tensor and read it outside',
    );
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.#records.has(dataId)) return true;
    const record = this.#records.get(dataId);
    record.references -= 1;
    if (!force && record.references > 0) return false;
    this.#records.delete(dataId);
    return true;
  }

  override incRef(dataId: DataId): void {
    this.#records.get(dataId).references += 1;
  }

  override refCount(dataId: DataId): number {
    return this.#records.has(dataId) ? this.#records.get(dataId).references : 0;
  }

  override numDataIds(): number {
    return this.#records.numDataIds();
  }

  /** Gives back the sessions of lazy evaluation; tensors stay. */
  override dispose(): void {
    disposeSessions();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override epsilon(): number {
    return 1e-7;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override timerAvailable(): boolean {
    return false;
  }
}

/** Tensors that share data may differ in shape: tfjs's reshape of a tensor outside the trace keeps the data id. */
function reshaped(value: Value, info: tf.TensorInfo): Value {
  if (value.shape.length === info.shape.length && value.shape.every((size, axis) => size === info.shape[axis])) return value;
  return { shape: [...info.shape], dtype: value.dtype, origin: value.origin };
}

function typed(values: tf.BackendValues, dtype: 'float32' | 'int32' | 'bool'): HostArray {
  const Class = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
  return values instanceof Class ? values : Class.from(values as ArrayLike<number>);
}

/** tfjs's scopes around the operation, without those that have no name: `forward/layer0/softmax`. */
function scopePath(): string {
  const names = tf.engine().state.scopeStack.map(({ name }) => name);
  return names
    .filter((name) => name !== '' && name !== 'unnamed scope')
    .map((name) => name.replace(/__op$/, '').replace(/[^\w.-]+/g, '_'))
    .join('/');
}

let instance: OnnxBackend | undefined;

/** The one instance of the backend, registered with tfjs on the first call. */
export function onnxBackend(): OnnxBackend {
  if (instance !== undefined) return instance;
  const created = new OnnxBackend();
  // priority 0: tfjs must not choose it by itself
  tf.registerBackend(BACKEND, () => created, 0);
  for (const [kernelName, entry] of Object.entries<Lowering | Refusal>(lowerings)) {
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => created.record(kernelName, entry, inputs, attrs ?? {}),
    });
  }
  instance = created;
  return created;
}
