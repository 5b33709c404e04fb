import { checkOptions, type OptionKeys } from '@expctr/core';
import { readFile, sha256Of } from '@expctr/core/platform';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ModelProto } from 'onnx-buf';
import type { CompileOptions } from '../compile.js';
import type { CompiledFunction } from '../compiled-function.js';
import { CompiledFunctionError, type CompiledErrorCode } from '../errors.js';
import { inputSignature } from '../inputs.js';
import { PRODUCER } from '../onnx.js';
import { VERSION } from '../version.js';
import { importGraph } from './import-graph.js';
import { runnable, type Program } from './program.js';
import { formOf, isIntact, type SavedForm } from './saved-form.js';

/** How a loaded function is to run; as in `CompileOptions`. */
export type LoadOptions = Pick<CompileOptions, 'threads' | 'graphOptimization' | 'providers' | 'releaseMemory'>;

const LOAD_COMPILED_OPTIONS: OptionKeys<LoadOptions> = { threads: true, graphOptimization: true, providers: true, releaseMemory: true };

/**
 * Loads what `save` wrote: the same function, without tracing it again. Inputs and results have the trees that they had.
 * @param path of the `.onnx` file; the `.data` file beside it, where there is one, belongs to it
 * @throws {@link CompiledFunctionError} when the file is damaged, was saved by another version, or is no saved function
 */
export async function loadCompiled<I = readonly unknown[], O = unknown>(
  path: string,
  options: LoadOptions = {},
): Promise<CompiledFunction<I, O>> {
  checkOptions('loadCompiled', options, LOAD_COMPILED_OPTIONS);
  const started = performance.now();
  const { program } = await loadProgram(path);
  return (await runnable(program, options, performance.now() - started)) as CompiledFunction<never, never>;
}

/** The program in a file, with the form it was saved in. */
export async function loadProgram(path: string): Promise<{ readonly program: Program; readonly form: SavedForm }> {
  const bytes = await readFile(path);
  const { model, form } = readModel(path, bytes);
  const external = form.data === null ? new Uint8Array() : await readFile(`${path}.data`);
  if (form.data !== null && sha256Of([external]) !== form.data) throw damaged(`${path}.data`);
  const graph = importGraph(model, external);
  const { name, specs, argumentNames, structure, tracedNodes } = form;
  const signature = inputSignature(name, specs, argumentNames);
  const [inputNames, outputNames] = [model.graph!.input, model.graph!.output].map((list) => list.map((info) => info.name));
  return { program: { name, graph, inputNames: inputNames!, outputNames: outputNames!, signature, structure, tracedNodes }, form };
}

function readModel(path: string, bytes: Uint8Array): { model: ModelProto; form: SavedForm } {
  const intact = isIntact(bytes);
  let model: ModelProto;
  let form: SavedForm | undefined;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
    form = formOf(model);
  } catch (cause) {
    throw damaged(path, cause);
  }
  if (!intact && (form !== undefined || ['', PRODUCER].includes(model.producerName))) throw damaged(path);
  if (form === undefined) {
    throw fileError('COMPILED_FILE_FOREIGN', path, 'it is an ONNX model that no compiled function was saved as', 'load what save() wrote');
  }
  if (form.version !== VERSION) {
    throw fileError('COMPILED_FILE_VERSION', path, `it was saved by version ${form.version}`, `compile and save it again with ${VERSION}`);
  }
  return { model, form };
}

function damaged(path: string, cause?: unknown): CompiledFunctionError {
  return fileError('COMPILED_FILE_CORRUPT', path, 'its bytes do not fit its checksum', 'compile and save it again', cause);
}

function fileError(code: CompiledErrorCode, where: string, what: string, remedy: string, cause?: unknown): CompiledFunctionError {
  return new CompiledFunctionError(code, what, { where, remedy, ...(cause === undefined ? {} : { cause }) });
}
