import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Encoder } from '../encoder.js';
import { featuresOf } from './features.js';
import { addRandomSigns } from './random-signs.js';
import type { StaticTable } from './static-table.js';
import { loadStaticTable } from './table-file.js';

/**
 * An encoder that needs no model and no download: the vector of a text is the sum of the vectors of its words and of its pairs of
 * neighboring words, from a table that {@link fitStaticTable} learned. It is a sum and not a mean, for three reasons against an
 * item say more than one; and it is not scaled to length 1. A word or pair that is not in the table adds random signs, which follow
 * from it alone, to the second half of the vector, so that texts of any kind are told apart. The empty text has the vector of the
 * table's origin.
 *
 * @param name short name for reports
 */
export function createStaticEncoder(table: StaticTable, name = 'static'): Encoder {
  const { features, vectors, dimension, components, unknown, origin } = table;
  const rowOf = new Map(features.map((feature, row) => [feature, row]));
  const digest = createHash('sha256').update(features.join('\n')).update(bytesOf(vectors)).update(bytesOf(origin)).digest('hex');

  function add(out: Float32Array, start: number, feature: string): void {
    const row = rowOf.get(feature);
    if (row === undefined) addRandomSigns(out, start + components, start + dimension, feature, unknown);
    else for (let j = 0; j < dimension; j += 1) out[start + j]! += vectors[row * dimension + j]!;
  }

  return {
    name,
    identity: `${name} d=${dimension} ${digest.slice(0, 16)}`,
    dimension,
    normalized: false,
    truncated: 0,
    encode(texts, { onProgress } = {}) {
      const out = new Float32Array(texts.length * dimension); // [n, d]
      texts.forEach((text, at) => {
        out.set(origin, at * dimension);
        for (const feature of featuresOf(text)) add(out, at * dimension, feature);
      });
      onProgress?.(texts.length, texts.length);
      return Promise.resolve(out);
    },
  };
}

/** The table that comes with the package, learned from texts of the testbed (tools/pretrain/static-encoder.ts). */
export const DEFAULT_STATIC_TABLE = fileURLToPath(new URL('../../src/static/default-table.arrow', import.meta.url));

/** The static encoder of a table file; without one, of the table that comes with the package. @throws EncoderError `ENCODER_STATIC_FILE` */
export async function loadStaticEncoder(path = DEFAULT_STATIC_TABLE): Promise<Encoder> {
  return createStaticEncoder(await loadStaticTable(path));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
