// How near the vectors of a smaller precision are to those of float32.
import { pipeline } from '@huggingface/transformers';

/** Mean and lowest cosine of two lists of vectors, row by row. */
export function similarity(a: Float32Array, b: Float32Array, dimension: number): { readonly mean: number; readonly lowest: number } {
  const rows = a.length / dimension;
  let [sum, lowest] = [0, 1];
  for (let row = 0; row < rows; row += 1) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let k = row * dimension; k < (row + 1) * dimension; k += 1) {
      ab += a[k]! * b[k]!;
      aa += a[k]! ** 2;
      bb += b[k]! ** 2;
    }
    const cosine = ab / Math.sqrt(aa * bb);
    sum += cosine;
    lowest = Math.min(lowest, cosine);
  }
  return { mean: sum / rows, lowest };
}

/** Vectors of the int8 graph by the pipeline of transformers.js, whose texts stand in batches with others and so depend on them. */
export async function batchedInt8(folder: string, texts: readonly string[], batch: number): Promise<Float32Array> {
  const extract = await pipeline('feature-extraction', folder, { dtype: 'q8', device: 'cpu', local_files_only: true });
  const parts: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += batch) {
    const vectors = (await extract(texts.slice(start, start + batch), { pooling: 'mean', normalize: true })) as {
      readonly data: Float32Array;
    };
    parts.push(Float32Array.from(vectors.data));
  }
  await extract.dispose();
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
