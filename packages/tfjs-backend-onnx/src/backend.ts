import * as tf from '@tensorflow/tfjs';
import { GraphBuilder } from './builder.js';
import { constantValue, elementsOf } from './constants.js';
import { TraceError, type TraceErrorCode } from './errors.js';
import type { ElementType, Origin, Value } from './graph.js';
import { runOnHost, type HostValues } from './host-kernels.js';
import { disposeSessions, evaluate, evaluateLater, isKnown, knownValue } from './lazy.js';
import { complexForms } from './lowerings/complex.js';
import { lowerings } from './lowerings/index.js';
import type { ComplexLowering, ComplexValue, Lowering, Refusal } from './lowerings/lowering.js';
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

/** Text, which only the host can work with: one element is one string in UTF-8. */
interface Text {
  readonly strings: readonly Uint8Array[];
}

/** What a tensor stands for. */
type Content = Value | ComplexValue | Text;

/** What the backend knows of a tensor. */
interface TensorRecord {
  content: Content;
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
  /** Tensors outside of any trace whose values have not been asked for. */
  readonly #pending = new Set<TensorRecord>();
  /** The trace that is going on. */
  trace: Trace | undefined;

  constructor() {
    super();
    this.#records = new tf.DataStorage<TensorRecord>(this, tf.engine());
  }

  /** Records a kernel call and returns its symbolic results. */
  record(
    kernel: string,
    entry: Lowering | ComplexLowering | Refusal,
    inputs: tf.NamedTensorInfoMap,
    attributes: tf.NamedAttrMap,
  ): tf.TensorInfo | tf.TensorInfo[] {
    const given = Object.entries(inputs).flatMap(([name, info]): [string, tf.TensorInfo][] => (info ? [[name, info]] : []));
    const types = [...given.map(([, { dtype }]) => dtype), attributes['dtype']];
    const onHost = (entry.kind === 'refusal' && entry.outside === 'host') || types.includes('string');
    if (onHost && this.trace === undefined) return this.#recordOnHost(kernel, inputs, attributes);
    if (entry.kind === 'refusal') {
      throw this.#failure('TRACE_UNKNOWN_KERNEL', `tfjs's kernel ${kernel} cannot be traced: ${entry.reason}`, entry.remedy);
    }
    const form = entry.kind === 'complex' ? entry : types.includes('complex64') ? complexForms[kernel] : undefined;
    const result =
      form === undefined
        ? entry.lower(valuesOf(given, (info) => this.graphValue(info, kernel)) as never, attributes, this.#builder)
        : form.lower(
            valuesOf(given, (info) => this.#complexValue(info, kernel)),
            attributes,
            this.#builder,
          );
    return Array.isArray(result)
      ? (result as readonly Value[]).map((value) => this.tensorInfo(value, kernel))
      : (this.#shared(result as Value, given) ?? this.tensorInfo(result as Value, kernel));
  }

  #recordOnHost(kernel: string, inputs: tf.NamedTensorInfoMap, attributes: tf.NamedAttrMap): tf.TensorInfo | tf.TensorInfo[] {
    const results = runOnHost(kernel, inputs, attributes, ({ dataId }) => this.readSync(dataId));
    const info = ({ values, shape, dtype }: HostValues): tf.TensorInfo => {
      const copy = [...shape];
      return { dataId: this.write(values, copy, dtype), shape: copy, dtype };
    };
    return Array.isArray(results) ? results.map(info) : info(results);
  }

  /** The input's own tensor where a kernel hands its input on, as tfjs's backends share it: what is disposed of is counted. */
  #shared(result: Content, inputs: readonly [string, tf.TensorInfo][]): tf.TensorInfo | undefined {
    for (const [, { dataId, shape, dtype }] of inputs) {
      const record = this.#records.has(dataId) ? this.#records.get(dataId) : undefined;
      if (record === undefined || record.content !== result || record.trace !== this.trace) continue;
      record.references += 1;
      return { dataId, shape, dtype };
    }
    return undefined;
  }

  /** A tfjs tensor for a graph value. */
  tensorInfo(content: Value | ComplexValue, kernel: string): tf.TensorInfo {
    const dataId = {};
    const record = { content, trace: this.trace, kernel, references: 1 };
    this.#records.set(dataId, record);
    if (this.trace === undefined) this.#pending.add(record);
    if ('real' in content) return { dataId, shape: [...content.real.shape], dtype: 'complex64' };
    return { dataId, shape: [...content.shape], dtype: shownType(content.dtype) };
  }

  /** The graph value of a tensor, if the trace that is going on may use it. */
  graphValue(info: tf.TensorInfo, user: string): Value {
    const captured = this.trace?.captured.get(info.dataId);
    if (captured !== undefined) return reshaped(captured, info);
    const { content } = this.#usable(info, user);
    if ('origin' in content) return reshaped(content, info);
    throw this.#failure(
      'TRACE_UNSUPPORTED_DTYPE',
      `${user} takes no tensor of type ${info.dtype}`,
      'take complex numbers apart with tf.real and tf.imag, and encode text as integers',
    );
  }

  #complexValue(info: tf.TensorInfo, user: string): ComplexValue {
    if (info.dtype !== 'complex64') {
      const real = this.#builder.cast(this.graphValue(info, user), 'float32');
      return { real, imag: this.#builder.expand(this.#builder.scalar(0), info.shape) };
    }
    return this.#usable(info, user).content as ComplexValue;
  }

  #usable(info: tf.TensorInfo, user: string): TensorRecord {
    // a tensor of another backend is moved here by the storage's `get`, so look first
    const record = this.trace === undefined || this.#records.has(info.dataId) ? this.#records.get(info.dataId) : undefined;
    if (record === undefined || record.trace !== this.trace) throw this.#captured(info, user);
    return record;
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
    code: Exclude<TraceErrorCode, 'TRACE_TRAIN_OPTIMIZER' | 'TRACE_NOT_PURE' | 'TRACE_RESULT'>,
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
    if (this.trace !== undefined && (dtype === 'string' || dtype === 'complex64')) {
      throw this.#failure('TRACE_UNSUPPORTED_DTYPE', `a constant of type ${dtype}`, 'make constants of float32, int32 or bool');
    }
    const content = contentOf(values, shape, dtype);
    // an Error costs little until its stack is read, which only a failure does
    if ('origin' in content) this.trace?.sites.set(content.origin, new Error());
    this.#records.set(dataId, { content, trace: this.trace, kernel: 'a constant', references });
  }

  override readSync(dataId: DataId): tf.BackendValues {
    return this.#contentsOf(this.#records.get(dataId));
  }

  #contentsOf(record: TensorRecord): tf.BackendValues {
    const { content } = record;
    if ('strings' in content) return content.strings as Uint8Array[];
    if ('origin' in content) return this.#elements(content, record) as tf.BackendValues;
    const [real, imag] = [this.#elements(content.real, record), this.#elements(content.imag, record)];
    return tf.backend_util.mergeRealAndImagArrays(real as Float32Array, imag as Float32Array);
  }

  #elements(value: Value, record: TensorRecord): HostArray {
    const known = elementsOf(knownValue(value));
    if (known !== undefined) return known as HostArray;
    if (record.trace !== undefined || this.trace !== undefined) throw this.#readFailure(record);
    const data = evaluate(value, this.#pendingValues());
    this.#dropKnown();
    return data;
  }

  #pendingValues(): Value[] {
    return [...this.#pending].flatMap(({ content }) => ('origin' in content ? [content] : []));
  }

  #dropKnown(): void {
    for (const each of this.#pending) if ('origin' in each.content && isKnown(each.content)) this.#pending.delete(each);
  }

  async #readLater(record: TensorRecord): Promise<tf.BackendValues> {
    const { content } = record;
    const parts = 'strings' in content ? [] : 'origin' in content ? [content] : [content.real, content.imag];
    if (record.trace === undefined) {
      for (const part of parts) if (elementsOf(knownValue(part)) === undefined) await evaluateLater(part, this.#pendingValues());
      this.#dropKnown();
    }
    return this.#contentsOf(record);
  }

  override read(dataId: DataId): Promise<tf.BackendValues> {
    if (this.trace === undefined) return this.#readLater(this.#records.get(dataId));
    try {
      return Promise.resolve(this.readSync(dataId));
    } catch {
      // the trace ends with this error; a rejected promise that nobody awaits would end the process as well
      return new Promise(() => undefined);
    }
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
    this.#pending.delete(record);
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

  /** Milliseconds that `f` takes, in which only what it reads is computed. */
  override time(f: () => void): Promise<tf.BackendTimingInfo> {
    const start = performance.now();
    f();
    return Promise.resolve({ kernelMs: performance.now() - start });
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

/** What values given from outside stand for. */
function contentOf(values: tf.BackendValues, shape: number[], dtype: tf.DataType): Content {
  if (dtype === 'string') return { strings: values as Uint8Array[] };
  if (dtype === 'complex64') {
    const { real, imag } = tf.backend_util.splitRealAndImagArrays(values as Float32Array);
    return { real: constantValue(real, shape, 'float32'), imag: constantValue(imag, shape, 'float32') };
  }
  return constantValue(typed(values, dtype), shape, dtype);
}

function typed(values: tf.BackendValues, dtype: 'float32' | 'int32' | 'bool'): HostArray {
  const Class = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
  return values instanceof Class ? values : Class.from(values as ArrayLike<number>);
}

/** The inputs of a kernel with what they stand for, in their order. */
function valuesOf<T>(inputs: readonly [string, tf.TensorInfo][], of: (info: tf.TensorInfo) => T): Record<string, T> {
  return Object.fromEntries(inputs.map(([name, info]) => [name, of(info)]));
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
  for (const [kernelName, entry] of Object.entries<Lowering | ComplexLowering | Refusal>(lowerings)) {
    if (entry.kind === 'refusal' && entry.outside === 'unregistered') continue;
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => created.record(kernelName, entry, inputs, attrs ?? {}),
    });
  }
  instance = created;
  return created;
}

/** The type that a tensor has for tfjs, which knows none of the stored ones: the one that they are cast to. */
function shownType(dtype: ElementType): tf.DataType {
  if (dtype === 'int8' || dtype === 'uint8') return 'int32';
  return dtype === 'float16' ? 'float32' : (dtype as tf.DataType);
}
