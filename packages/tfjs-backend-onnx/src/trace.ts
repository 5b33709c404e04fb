import * as tf from '@tensorflow/tfjs';
import { BACKEND, onnxBackend, type Trace } from './backend.js';
import { constantValue } from './constants.js';
import { withBackend } from './eager.js';
import { ExpctrError } from '@expctr/core';
import { TraceError } from './errors.js';
import type { Graph, Origin, Value } from './graph.js';
import { withoutState } from './guards.js';
import { callWith, type CompileRequest } from './request.js';
import { resultLeaves } from './results.js';
import { isConstant } from './tensors.js';
import { mapTreeWithPath, unflattenTree } from './tree.js';

/** A recorded function. */
export interface TracedFunction {
  readonly graph: Graph;
  /** The tree that the function returned, with leaf numbers in place of tensors. */
  readonly structure: unknown;
  /** Paths of the leaves. */
  readonly outputPaths: readonly string[];
  /** Where user code made each constant. */
  readonly sites: ReadonlyMap<Origin, Error>;
}

/**
 * Calls the function once on symbolic tensors. It is synchronous, so two traces cannot mix.
 * @param captured constants of `options.constants`, by data id
 * @throws {@link TraceError}
 */
export function trace(request: CompileRequest, captured: Trace['captured']): TracedFunction {
  const { name, specs, signature } = request;
  const backend = onnxBackend();
  const current: Trace = { functionName: name, captured, sites: new Map() };
  const inputs: Value[] = [];
  const values = signature.leaves.map(({ path, spec }): Value => {
    if (isConstant(spec)) return labelled(constantValue(spec.constant.data, spec.shape, spec.dtype), path);
    const input: Value = { shape: spec.shape, dtype: spec.dtype, origin: { kind: 'input', name: path } };
    inputs.push(input);
    return input;
  });

  function record(): TracedFunction {
    const tensors = values.map((value) => tf.engine().makeTensorFromTensorInfo(backend.tensorInfo(value, 'an input'), backend));
    const result = callWith(request, unflattenTree<unknown>(specs, tensors) as readonly unknown[]);
    if (current.error !== undefined) throw current.error;
    const results = resultLeaves(name, result);
    const outputs = results.map(({ path, tensor }) => {
      if (!tensor.isDisposed) return backend.graphValue(tensor, 'the result');
      throw new TraceError('TRACE_RESULT', `its result ${path} was disposed of`, { where: name, remedy: 'return it from tf.tidy' });
    });
    let leaf = 0;
    return {
      graph: { name, inputs, outputs },
      structure: mapTreeWithPath(result, () => leaf++),
      outputPaths: results.map(({ path }) => path),
      sites: current.sites,
    };
  }

  return withBackend(BACKEND, () =>
    withoutState(
      name,
      (error) => (current.error ??= error),
      () => isolated(current, record),
    ),
  );
}

/** A constant that keeps its place among the arguments as its name in the graph. */
function labelled(value: Value, label: string): Value {
  return value.origin.kind === 'constant' ? { ...value, origin: { ...value.origin, label } } : value;
}

/** Runs a trace in a tfjs scope of its own; afterwards nothing of it is left in tfjs's engine. */
function isolated<T>(current: Trace, record: () => T): T {
  const backend = onnxBackend();
  const engine = tf.engine();
  const variables = new Set(Object.keys(engine.registeredVariables));
  const stackTraceLimit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  backend.trace = current;
  engine.startScope();
  try {
    return record();
  } catch (error) {
    throw current.error ?? explained(current.functionName, error);
  } finally {
    engine.endScope();
    for (const [name, variable] of Object.entries(engine.registeredVariables)) if (!variables.has(name)) engine.disposeVariable(variable);
    backend.trace = undefined;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** tfjs's own message about a kernel that nobody registered says nothing of the traced function. */
function explained(functionName: string, error: unknown): unknown {
  const kernel = error instanceof Error ? /^Kernel '(.*)' not registered/.exec(error.message)?.[1] : undefined;
  if (error instanceof ExpctrError || kernel === undefined) return error;
  return new TraceError('TRACE_UNKNOWN_KERNEL', `the kernel ${kernel} has no lowering to ONNX`, {
    where: functionName,
    remedy: 'write it with tfjs operations, or run the function on another backend',
    cause: error,
  });
}
