import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { replaceAtomically, writeFileAtomic } from '@expctr/core';
import type { Graph } from './graph.js';
import { serialize } from './onnx.js';

/** A protobuf message cannot be larger than 2 GiB; the nodes take the rest. */
const LARGEST_INLINE_BYTES = 1.9e9;

/**
 * Writes a graph as `.onnx`. Constants beyond `largestInlineBytes` in all go to `<path>.data` beside it, as ONNX's external data:
 * both files belong together.
 */
export async function saveGraph(
  graph: Graph,
  inputNames: readonly string[],
  outputNames: readonly string[],
  path: string,
  largestInlineBytes = LARGEST_INLINE_BYTES,
): Promise<void> {
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
  await writeFileAtomic(path, model);
}
