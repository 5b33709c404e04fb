import type { CompiledFunction, NamedSpec } from '../compiled-function.js';
import { CompiledFunctionError } from '../errors.js';
import type { Graph, Value } from '../graph.js';
import type { InputSignature } from '../inputs.js';
import { saveProgram } from '../save.js';
import { createSession, type GraphSession, type SessionOptions } from '../session.js';
import { isConstant, type DType } from '../tensors.js';
import { mapTree } from '../tree.js';

/** A graph that is ready to run, with what it was called with and what it returned: what a compiled function is made of. */
export interface Program {
  readonly name: string;
  readonly graph: Graph;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly signature: InputSignature;
  /** The tree of results, with output numbers in place of tensors. */
  readonly structure: unknown;
  /** Nodes as recorded, before the passes. */
  readonly tracedNodes: number;
}

interface Compiled {
  readonly program: Program;
  readonly options: SessionOptions;
}

const programs = new WeakMap<object, Compiled>();

/** What a compiled function is made of. @throws {@link CompiledFunctionError} when it runs eagerly and has no graph */
export function programOf(compiled: Pick<CompiledFunction, 'name' | 'backend'>): Compiled {
  const found = programs.get(compiled);
  if (found !== undefined) return found;
  throw new CompiledFunctionError('COMPILED_EAGER', `it runs eagerly on tfjs's ${compiled.backend} backend, so it has no graph`, {
    where: compiled.name,
    remedy: 'call useOnnx() before compile',
  });
}

/** A session for a program. */
export function sessionOf({ graph, inputNames, outputNames, signature }: Program, options: SessionOptions): Promise<GraphSession> {
  const specs = signature.leaves.map(({ spec }) => spec).filter((spec) => !isConstant(spec));
  return createSession(graph, inputNames, outputNames, options, specs);
}

/** Makes a compiled function of a program. @param traceMilliseconds what it took to come by the program */
export async function runnable(program: Program, options: SessionOptions, traceMilliseconds: number): Promise<CompiledFunction> {
  const { name, graph, inputNames, outputNames, signature, structure } = program;
  const started = performance.now();
  const session = await sessionOf(program, options);
  const sessionMilliseconds = performance.now() - started;
  let disposed = false;

  const compiled: CompiledFunction = {
    name,
    backend: 'onnx',
    inputs: namedSpecs(graph.inputs, inputNames),
    outputs: namedSpecs(graph.outputs, outputNames),
    stats: {
      nodes: session.nodes,
      tracedNodes: program.tracedNodes,
      bytes: session.constantBytes,
      traceMilliseconds,
      sessionMilliseconds,
    },
    async run(inputs) {
      if (disposed) throw new CompiledFunctionError('COMPILED_DISPOSED', 'run was called after dispose', { where: name });
      const results = await session.run(signature.bind(inputs));
      return mapTree<unknown, [number], unknown>(structure, (leaf) => results[leaf]);
    },
    save: (path) => saveProgram(program, path),
    async dispose() {
      if (disposed) return;
      disposed = true;
      await session.dispose();
    },
  };
  programs.set(compiled, { program, options });
  return compiled;
}

function namedSpecs(values: readonly Value[], names: readonly string[]): NamedSpec[] {
  return values.map(({ shape, dtype }, i) => ({ name: names[i]!, shape, dtype: dtype as DType }));
}
