// Compiling functions of trees whose types only the caller knows, such as an optimizer's state.
import {
  compile,
  mapTree,
  specOf,
  type CompiledFunction,
  type CompileOptions,
  type HostTensor,
  type TensorSpec,
} from '@expctr/tfjs-backend-onnx';

/** `compile`, whose results are taken to be `R` with tensors of JavaScript memory as its leaves. */
export async function compileTrees<R>(
  fn: (...args: never[]) => unknown,
  specs: readonly unknown[],
  options: CompileOptions = {},
): Promise<CompiledFunction<readonly unknown[], R>> {
  return (await compile(fn as never, specs as never, options)) as unknown as CompiledFunction<readonly unknown[], R>;
}

/** The specs of a tree of tensors in JavaScript memory. */
export function specsOf(tree: unknown): unknown {
  return mapTree<unknown, [HostTensor], TensorSpec>(tree, specOf);
}
