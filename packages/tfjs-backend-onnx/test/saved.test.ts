import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { ModelProtoSchema } from 'onnx-buf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CompiledFunction, CompileOptions } from '../src/index.js';
import { adam, applyUpdates, compile, constant, describe, loadCompiled, spec, useOnnx, valueAndGrad } from '../src/index.js';
import { programOf } from '../src/programs/program.js';
import { formOf, sealed } from '../src/programs/saved-form.js';
import { saveProgram } from '../src/save.js';
import { VERSION } from '../src/version.js';

const folder = mkdtempSync(join(tmpdir(), 'expctr-saved-'));
beforeAll(() => useOnnx());
afterAll(() => rmSync(folder, { recursive: true }));

const table = { data: Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i)), shape: [1000, 3], dtype: 'float32' as const };
const optimizer = adam({ learningRate: 0.1 });
/** A training step with what a graph can hold: constants large and small, all-equal ones, integers, masks, results that are inputs. */
const step = (w: tf.Tensor, state: tf.Tensor, rows: tf.Tensor, big: tf.Tensor): unknown => {
  const loss = (params: tf.Tensor): tf.Tensor =>
    tf.tidy('loss', () =>
      tf.sum(
        tf.where(
          tf.cast(rows, 'bool'),
          tf.matMul(tf.gather(big, tf.reshape(rows, [2])) as tf.Tensor2D, params as tf.Tensor2D),
          tf.ones([2, 1]),
        ),
      ),
    );
  const { value, grads } = valueAndGrad(loss)(w);
  const { updates } = optimizer.update(grads, optimizer.init(w), w);
  return { value, next: [applyUpdates(w, updates), { state, again: value, large: tf.fill([2000], 7), list: tf.tensor1d([1, 2, 5]) }] };
};
const specs = [spec([3, 1]), spec([2], 'bool'), spec([2, 1], 'int32'), constant(table)];
const inputs = [Float32Array.of(1, 2, 3), Uint8Array.of(1, 0), Int32Array.of(7, 0), undefined];
const make = compile as unknown as (fn: unknown, specs: unknown, options: CompileOptions) => Promise<CompiledFunction>;
const compiled = (): Promise<CompiledFunction> => make(step, specs, { name: 'step', argumentNames: ['w', 'state'] });
const path = join(folder, 'step.onnx');

test('a loaded function is the saved one: its trees, its graph, its bits', async () => {
  const fn = await compiled();
  await fn.save(path);
  const loaded = await loadCompiled(path);
  expect(await loaded.run(inputs)).toEqual(await fn.run(inputs));
  expect([loaded.name, loaded.inputs, loaded.outputs, loaded.stats.nodes]).toEqual([fn.name, fn.inputs, fn.outputs, fn.stats.nodes]);
  expect(String(await describe(loaded))).toBe(String(await describe(fn)));
  await loaded.save(join(folder, 'again.onnx'));
  expect(Buffer.compare(readFileSync(path), readFileSync(join(folder, 'again.onnx')))).toBe(0);
  await expect(loaded.run([inputs[0], inputs[1], Int32Array.of(1), undefined])).rejects.toThrow(/arg2 is 1 values.*int32\[2,1\]/s);
  await Promise.all([fn.dispose(), loaded.dispose()]);
});

test('large constants come back from the file beside it, and are checked', async () => {
  const fn = await compiled();
  const split = join(folder, 'split.onnx');
  await saveProgram(programOf(fn).program, split, { largestInlineBytes: 5000 });
  const loaded = await loadCompiled(split);
  expect(await loaded.run(inputs)).toEqual(await fn.run(inputs));
  const data = readFileSync(`${split}.data`);
  data[5] = data[5]! ^ 1;
  writeFileSync(`${split}.data`, data);
  await expect(loadCompiled(split)).rejects.toMatchObject({ code: 'COMPILED_FILE_CORRUPT' });
  await Promise.all([fn.dispose(), loaded.dispose()]);
});

test('a file with any byte changed, or cut anywhere, is refused', async () => {
  const bytes = readFileSync(path);
  const broken = join(folder, 'broken.onnx');
  const refused = async (content: Uint8Array): Promise<void> => {
    writeFileSync(broken, content);
    await expect(loadCompiled(broken)).rejects.toMatchObject({ code: 'COMPILED_FILE_CORRUPT' });
  };
  await refused(new Uint8Array());
  const json = Buffer.from(bytes).indexOf('"version":');
  expect(json).toBeGreaterThan(0);
  await refused(bytes.map((byte, i) => (i === json ? byte ^ 1 : byte))); // the form is no JSON any more
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, change, cut) => {
      await refused(cut ? bytes.subarray(0, at) : bytes.map((byte, i) => (i === at ? byte ^ change : byte)));
    }),
    { numRuns: 50 },
  );
});

test('a file of another version and an ONNX file of other origin are refused by what they are', async () => {
  const model = fromBinary(ModelProtoSchema, readFileSync(path));
  const form = formOf(model)!;
  const old = join(folder, 'old.onnx');
  writeFileSync(
    old,
    sealed(toBinary(ModelProtoSchema, create(ModelProtoSchema, { ...model, metadataProps: [] })), { ...form, version: '0.0.1' }),
  );
  await expect(loadCompiled(old)).rejects.toMatchObject({
    code: 'COMPILED_FILE_VERSION',
    message: expect.stringContaining('0.0.1') as string,
  });
  const foreign = join(folder, 'foreign.onnx');
  writeFileSync(foreign, toBinary(ModelProtoSchema, create(ModelProtoSchema, { producerName: 'pytorch', graph: { name: 'g' } })));
  await expect(loadCompiled(foreign)).rejects.toMatchObject({ code: 'COMPILED_FILE_FOREIGN' });
  await expect(loadCompiled(join(folder, 'missing.onnx'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('compile with `saved` traces once, and again when the key, a shape or a constant differs or the file is damaged', async () => {
  let traces = 0;
  const at = join(folder, 'kept.onnx');
  const run = async (key: string, width = 2, offset = table): Promise<number> => {
    traces = 0;
    const fn = await compile(
      (x: tf.Tensor, y: tf.Tensor) => {
        traces += 1;
        return { sum: tf.sum(tf.mul(tf.sum(x), y)) };
      },
      [spec([width]), constant(offset)],
      { name: 'kept', saved: { path: at, key } },
    );
    const { sum } = await fn.run([new Float32Array(width).fill(1), undefined]);
    expect(sum.data[0]).toBeCloseTo(width * offset.data.reduce((a, b) => a + b, 0), 2);
    await fn.dispose();
    return traces;
  };
  expect(await run('a')).toBeGreaterThan(0);
  expect(await run('a')).toBe(0);
  expect(await run('b')).toBeGreaterThan(0);
  expect(await run('b', 3)).toBeGreaterThan(0);
  expect(await run('b', 3)).toBe(0);
  expect(await run('b', 3, { ...table, data: table.data.map((x) => x + 1) })).toBeGreaterThan(0);
  writeFileSync(at, readFileSync(at).subarray(0, 100));
  expect(await run('b', 3)).toBeGreaterThan(0);
});

test("the version in saved files is the package's", () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  expect(VERSION).toBe(version);
});
