import { sha256 } from '@expctr/core';
import type * as tf from '@tensorflow/tfjs';
import type { CompiledFunction } from '../compiled-function.js';
import { CompiledFunctionError } from '../errors.js';
import { onnxFunction, type OnnxOptions } from '../onnx-function.js';
import type { CompileRequest } from '../request.js';
import { saveProgram } from '../save.js';
import { isConstant } from '../tensors.js';
import { loadProgram } from './load.js';
import { programOf, runnable } from './program.js';

/** Where a compiled function is kept between two starts of a program. */
export interface SavedAt {
  /** The `.onnx` file. */
  readonly path: string;
  /** Stands for the code of the function: change it whenever that changes, for a loaded function is not traced. */
  readonly key: string;
}

/** Loads the function from where it was saved; compiles and saves it where what is there was made of anything else, or is damaged. */
export async function compileSaved(request: CompileRequest, options: OnnxOptions, { path, key }: SavedAt): Promise<CompiledFunction> {
  const started = performance.now();
  const fingerprint = await fingerprintOf(request, options, key);
  const found = await loadProgram(path).catch((error: unknown) => {
    if (isMissing(error) || isUnusable(error)) return undefined;
    throw error;
  });
  if (found?.form.fingerprint === fingerprint) return runnable(found.program, options, performance.now() - started);
  const compiled = await onnxFunction(request, options);
  await saveProgram(programOf(compiled).program, path, { fingerprint });
  return compiled;
}

/** Checksum of all that a trace depends on beside the code. */
async function fingerprintOf(
  { name, signature: { leaves, argumentNames } }: CompileRequest,
  { constants = [], outputNames = [] }: OnnxOptions,
  key: string,
): Promise<string> {
  const contents = leaves.map(({ path, spec }) => {
    const { shape, dtype } = spec;
    return { path, shape, dtype, ...(isConstant(spec) ? { constant: contentOf(spec.constant.data) } : {}) };
  });
  const captured = await Promise.all(constants.map(async (tensor) => [tensor.shape, tensor.dtype, contentOf(await values(tensor))]));
  const text = JSON.stringify({ key, name, contents, captured, argumentNames, outputNames });
  return sha256(text);
}

async function values(tensor: tf.Tensor): Promise<ArrayBufferView> {
  const data: unknown = await tensor.data();
  return data as ArrayBufferView;
}

function contentOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return sha256(new Uint8Array(buffer, byteOffset, byteLength));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isUnusable(error: unknown): boolean {
  return error instanceof CompiledFunctionError && error.code.startsWith('COMPILED_FILE_');
}
