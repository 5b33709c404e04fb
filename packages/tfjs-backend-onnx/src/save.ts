import { replaceAtomically, writeFileAtomic } from '@expctr/core';
import { basename, open, sha256Of } from '@expctr/core/platform';
import { CompiledFunctionError } from './errors.js';
import { serialize } from './onnx.js';
import type { Program } from './programs/program.js';
import { sealed } from './programs/saved-form.js';
import { isConstant, type TensorSpec } from './tensors.js';
import { mapTree } from './tree.js';
import { VERSION } from './version.js';

/** A protobuf message cannot be larger than 2 GiB; the nodes take the rest. */
const LARGEST_INLINE_BYTES = 1.9e9;

/** How to save. */
export interface SaveOptions {
  /** What it was compiled from. */
  readonly fingerprint?: string;
  readonly largestInlineBytes?: number;
}

/**
 * Writes a program as `.onnx`, from which ONNX Runtime anywhere runs it and {@link loadCompiled} makes it a compiled function again.
 * Constants beyond `largestInlineBytes` in all go to `<path>.data` beside it, as ONNX's external data: both files belong together.
 */
export async function saveProgram(program: Program, path: string, options: SaveOptions = {}): Promise<void> {
  const { name, graph, inputNames, outputNames, signature, structure, tracedNodes } = program;
  if (graph.inputs.some(({ shape }) => shape.some((size) => size < 0))) {
    throw new CompiledFunctionError('COMPILED_DYNAMIC_SAVE', 'a function with a dynamic axis cannot be saved', {
      where: name,
      remedy: 'compile it for the sizes at hand with spec, and save those',
    });
  }
  const { fingerprint = null, largestInlineBytes = LARGEST_INLINE_BYTES } = options;
  const external: Uint8Array[] = [];
  let inline = 0;
  let offset = 0;
  const { model } = serialize(graph, {
    inputNames,
    outputNames,
    place(_, bytes) {
      inline += bytes.byteLength;
      if (inline <= largestInlineBytes) return undefined;
      inline -= bytes.byteLength;
      external.push(bytes);
      offset += bytes.byteLength;
      return { path: `${basename(path)}.data`, offset: offset - bytes.byteLength };
    },
  });
  if (external.length > 0) {
    await replaceAtomically(`${path}.data`, async (temporary) => {
      const file = await open(temporary, 'w');
      try {
        for (const bytes of external) await file.writeFile(bytes);
      } finally {
        await file.close();
      }
    });
  }
  const form = {
    version: VERSION,
    name,
    specs: signature.specs.map((tree) => mapTree<unknown, [TensorSpec], unknown>(tree, savedSpec)),
    argumentNames: signature.argumentNames,
    structure,
    tracedNodes,
    data: external.length === 0 ? null : sha256Of(external),
    fingerprint,
  };
  await writeFileAtomic(path, sealed(model, form));
}

/** A leaf of the specs without its values, which are in the graph. */
function savedSpec(leaf: TensorSpec): object {
  const { shape, dtype } = leaf;
  return isConstant(leaf) ? { shape, dtype, constant: null } : { shape, dtype };
}
