import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { adam, compile, CompiledFunctionError, constant, spec, TraceError, useOnnx } from '../src/index.js';

beforeAll(() => useOnnx());

type Vector = tf.Tensor1D;

/** Compiles a function of one vector, which must be refused, and gives the error. */
async function refusal(name: string, fn: (x: Vector) => tf.Tensor): Promise<TraceError> {
  const error: unknown = await compile(fn, [spec([3])], { name }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TraceError);
  return error as TraceError;
}

describe('a traced function may not', () => {
  test.each<[string, (x: Vector) => unknown]>([
    ['dataSync', (x) => tf.exp(x).dataSync()],
    ['arraySync', (x) => tf.exp(x).arraySync()],
    ['data, whose promise nobody awaits', (x) => tf.exp(x).data()],
    ['array', (x) => tf.exp(x).array()],
    ['print', (x) => tf.exp(x).print()],
    ['bufferSync', (x) => tf.exp(x).bufferSync()],
  ])('read a value by %s', async (_, read) => {
    const error = await refusal('reader', (x) => {
      read(x);
      return x;
    });
    expect(error.code).toBe('TRACE_READS_VALUE');
    expect(error.message).toContain('Exp');
    expect(error.message).toContain('reader');
    expect(error.message).toContain('tf.where');
  });

  test('branch on data, even where it swallows the error', async () => {
    const error = await refusal('brancher', (x) => {
      try {
        return tf.sum(x).dataSync()[0]! > 0 ? x : tf.neg(x);
      } catch {
        return x;
      }
    });
    expect(error.code).toBe('TRACE_READS_VALUE');
  });

  test('be asynchronous', async () => {
    const error = await refusal('later', ((x: Vector) => Promise.resolve(x)) as never);
    expect(error.code).toBe('TRACE_RESULT');
    expect(error.message).toContain('promise');
  });

  test("the place in the user's file is named", async () => {
    const error = await refusal('reader', (x) => tf.tensor1d(tf.exp(x).dataSync()));
    expect(error.message).toMatch(/reader at .*refusals\.test\.ts:\d+:\d+/);
  });

  test('use a kernel without a lowering', async () => {
    const error = await refusal('unique', (x) => tf.unique(x).values);
    expect(error.code).toBe('TRACE_UNKNOWN_KERNEL');
    expect(error.message).toContain('kernel Unique cannot be traced: the shape of its result depends on values');
    expect(error.remedy).toContain('mask');
  });

  test('use a kernel that this package has never heard of', async () => {
    const error = await refusal('own', (x) => tf.engine().runKernel('MyKernel', { x }));
    expect(error.code).toBe('TRACE_UNKNOWN_KERNEL');
    expect(error.message).toContain('MyKernel');
    expect(error.message).toContain('own');
  });

  test('draw random numbers in a kernel', async () => {
    expect((await refusal('draw', (x) => tf.multinomial(x, 2))).message).toContain('noise');
  });

  test.each<[string, (x: Vector) => tf.Tensor]>([
    ['tf.randomUniform', (x) => tf.add(x, tf.randomUniform([3]))],
    ['tf.randomNormal', (x) => tf.add(x, tf.randomNormal([3]))],
    ['tf.dropout', (x) => tf.dropout(x, 0.5)],
    ['the clock', (x) => tf.mul(x, performance.now())],
  ])('use %s, whose constants differ from call to call', async (_, fn) => {
    const error = await refusal('impure', fn);
    expect(error.code).toBe('TRACE_NOT_PURE');
    expect(error.message).toMatch(/impure at .*refusals\.test\.ts/);
    expect(error.remedy).toContain('inputs');
  });

  test('do something else on its second call', async () => {
    let calls = 0;
    expect((await refusal('counter', (x) => (calls++ === 0 ? tf.exp(x) : tf.log(x)))).code).toBe('TRACE_NOT_PURE');
    calls = 0;
    expect((await refusal('counter', (x) => (calls++ === 0 ? x : tf.log(x)))).code).toBe('TRACE_NOT_PURE');
    calls = 0;
    expect((await refusal('counter', (x) => tf.sum(tf.stack(Array.from({ length: 2 + calls++ }, () => x))))).code).toBe('TRACE_NOT_PURE');
  });

  test.each(['onnx', 'cpu'])('use a tensor made outside on the %s backend', async (backend) => {
    await tf.setBackend(backend);
    const outside = tf.tensor1d([1, 2, 3]);
    await useOnnx();
    const error = await refusal('captures', (x) => tf.mul(x, outside));
    expect(error.code).toBe('TRACE_CAPTURED_TENSOR');
    expect(error.message).toContain('Multiply uses a tensor (float32[3])');
    expect(error.remedy).toContain('options.constants');
    outside.dispose();
  });

  test('return a tensor made outside', async () => {
    const outside = tf.scalar(1);
    expect((await refusal('returns', () => outside)).code).toBe('TRACE_CAPTURED_TENSOR');
    outside.dispose();
  });

  test('use a variable made outside', async () => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]), true, 'weights');
    const error = await refusal('captures', (x) => tf.mul(x, variable));
    expect(error.code).toBe('TRACE_VARIABLE');
    expect(error.message).toContain('variable weights');
    variable.dispose();
  });

  test('assign to a variable', async () => {
    const error = await refusal('assigns', (x) => {
      const variable: tf.Variable = tf.variable(x);
      variable.assign(tf.mul(x, 2));
      return variable;
    });
    expect(error.code).toBe('TRACE_VARIABLE');
    expect(error.message).toContain('Variable.assign');
  });

  test.each<[string, () => tf.Optimizer]>([
    ['SGDOptimizer', () => tf.train.sgd(0.1)],
    ['MomentumOptimizer', () => tf.train.momentum(0.1, 0.9)],
    ['AdamOptimizer', () => tf.train.adam(0.1)],
    ['RMSPropOptimizer', () => tf.train.rmsprop(0.1)],
  ])("train with tf.train's %s", async (optimizer, make) => {
    const error = await refusal('trains', (x) => {
      const variable = tf.variable(x);
      make().applyGradients({ [variable.name]: x });
      return variable;
    });
    expect(error.code).toBe('TRACE_TRAIN_OPTIMIZER');
    expect(error.message).toContain(optimizer);
    expect(error.remedy).toContain('adam');
    const minimizes = await refusal('trains', (x) => make().minimize(() => tf.sum(tf.variable(x)).asScalar(), true)!);
    expect(minimizes.message).toContain('minimize');
  });

  test('return what is not a tensor', async () => {
    expect((await refusal('number', (() => 1) as never)).message).toContain('its result is number');
    expect((await refusal('nested', ((x: Vector) => ({ a: x, b: [null] })) as never)).message).toContain('at b.0 is null');
    expect((await refusal('nothing', (() => []) as never)).message).toContain('no tensor');
  });

  test('hold strings', async () => {
    expect((await refusal('text', (x) => tf.concat([x, tf.tensor1d(['a']) as never]))).code).toBe('TRACE_UNSUPPORTED_DTYPE');
  });
});

test('what a refused trace changed in tfjs is put back', async () => {
  const assign = Object.getOwnPropertyDescriptor(tf.Variable.prototype, 'assign');
  const before = { tensors: tf.memory().numTensors, scopes: tf.engine().state.scopeStack.length, backend: tf.getBackend() };
  await refusal('assigns', (x) => tf.tidy('inner', () => (tf.variable<tf.Rank>(x).assign(x), x)));
  await refusal('reads', (x) => tf.grad((y: tf.Tensor) => tf.tensor1d(y.dataSync()))(x));
  expect(Object.getOwnPropertyDescriptor(tf.Variable.prototype, 'assign')).toEqual(assign);
  expect({ tensors: tf.memory().numTensors, scopes: tf.engine().state.scopeStack.length, backend: tf.getBackend() }).toEqual(before);
  expect(Object.keys(tf.engine().registeredVariables)).toEqual([]);
  expect(tf.engine().isTapeOn()).toBe(false);
});

test('a variable made inside from inputs works', async () => {
  const fn = await compile(
    (x: Vector) => {
      const inner = tf.variable(x, true, 'inner');
      return tf.variableGrads(() => tf.sum(tf.square(inner)).asScalar()).grads['inner']!;
    },
    [spec([3])],
  );
  expect([...(await fn.run([Float32Array.of(1, 2, 3)])).data]).toEqual([2, 4, 6]);
  await fn.dispose();
});

test('captured tensors listed in options.constants are stored in the graph', async () => {
  await tf.setBackend('cpu');
  const fromCpu = tf.tensor2d([[1, 2, 3]]);
  await useOnnx();
  const lazy = tf.add(tf.tensor1d([1, 1, 1]), 1);
  const fn = await compile((x: Vector) => tf.add(tf.mul(x, tf.reshape(fromCpu, [3])), lazy), [spec([3])], { constants: [fromCpu, lazy] });
  expect([...(await fn.run([Float32Array.of(1, 1, 1)])).data]).toEqual([3, 4, 5]);
  expect(fn.inputs.length).toBe(1);
  await fn.dispose();
});

describe('run refuses', () => {
  const make = () =>
    compile(
      (params: { w: tf.Tensor2D; list: [tf.Tensor1D] }, ids: tf.Tensor1D, table: tf.Tensor) =>
        tf.add(tf.add(tf.sum(params.w), tf.sum(params.list[0])), tf.sum(tf.gather(table, ids))),
      [{ w: spec([2, 2]), list: [spec([3])] }, spec([2], 'int32'), constant({ data: new Float32Array(4), shape: [4], dtype: 'float32' })],
      { name: 'scorer', argumentNames: ['params', 'ids'] },
    );
  const good = { params: { w: new Float32Array(4), list: [new Float32Array(3)] as [Float32Array] }, ids: Int32Array.of(0, 1) };
  const host = (shape: number[]) => ({ data: new Float32Array(4), shape, dtype: 'float32' as const });

  test.each<[string, unknown[], string]>([
    [
      'too few values',
      [{ ...good.params, w: new Float32Array(3) }, good.ids],
      'scorer: input params.w is 3 values. Expected 4 values for float32[2,2].',
    ],
    [
      'another array type',
      [good.params, Float32Array.of(0, 1)],
      'scorer: input ids is Float32Array(2). Expected int32[2] as Int32Array or host tensor.',
    ],
    [
      'a host tensor of another shape',
      [{ ...good.params, w: host([4, 1]) }, good.ids],
      'input params.w is float32[4,1]. Expected float32[2,2]',
    ],
    ['a missing leaf', [{ w: good.params.w }, good.ids], 'input params.list is undefined. Expected an array of 1'],
    ['a missing argument', [good.params], 'input ids is undefined'],
    ['a leaf too many', [{ ...good.params, bias: new Float32Array(1) }, good.ids], 'input params.bias is not among the specs'],
    ['an argument too many', [good.params, good.ids, undefined, 1], 'one too many'],
    ['a value for a constant', [good.params, good.ids, new Float32Array(4)], 'is a value for a constant'],
    [
      'a leaf in place of a tree',
      [new Float32Array(4), good.ids],
      'input params is Float32Array(4). Expected an object with the keys w, list',
    ],
  ])('%s', async (_, inputs, message) => {
    const fn = await make();
    await expect(fn.run(inputs as never)).rejects.toThrow(message);
    await expect(fn.run(inputs as never)).rejects.toBeInstanceOf(CompiledFunctionError);
    await fn.dispose();
  });

  test("indices beyond the table, with ONNX Runtime's reason", async () => {
    const fn = await make();
    await expect(fn.run([good.params, Int32Array.of(0, 9), undefined])).rejects.toMatchObject({ code: 'COMPILED_RUN' });
    await fn.dispose();
  });

  test('a disposed function', async () => {
    const fn = await make();
    const running = fn.run([good.params, good.ids, undefined]);
    await fn.dispose();
    await fn.dispose();
    expect((await running).shape).toEqual([]);
    await expect(fn.run([good.params, good.ids, undefined])).rejects.toMatchObject({ code: 'COMPILED_DISPOSED' });
  });
});

test('specs that are none are refused with their path', async () => {
  await expect(compile((x: { a: tf.Tensor }) => x.a, [{ a: 3 }] as never, { name: 'f' })).rejects.toThrow(
    'compile(f): the spec a is number',
  );
});

test('an eager function has no graph to save', async () => {
  await tf.setBackend('cpu');
  const fn = await compile((x: Vector) => tf.exp(x), [spec([3])]);
  await useOnnx();
  await expect(fn.save('/nowhere/x.onnx')).rejects.toMatchObject({ code: 'COMPILED_EAGER_SAVE' });
  await fn.dispose();
  await expect(fn.run([new Float32Array(3)])).rejects.toMatchObject({ code: 'COMPILED_DISPOSED' });
});

test('integer parameters are refused by valueAndGrad', async () => {
  const { valueAndGrad } = await import('../src/index.js');
  const error = await compile(
    (p: { ids: tf.Tensor1D }) => valueAndGrad((q: { ids: tf.Tensor1D }) => tf.sum(q.ids))(p).value,
    [{ ids: spec([2], 'int32') }],
  ).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'TRACE_UNSUPPORTED_DTYPE' });
  expect(adam({ learningRate: 1 })).toHaveProperty('update');
});
