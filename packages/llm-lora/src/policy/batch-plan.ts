import { bucketRows } from '@expctr/tfjs-backend-onnx';
import { bucketResponse, bucketTime } from './buckets.js';
import { packedLength, packTexts, type PackedArrays } from './packing.js';
import type { TokenBatch } from './token-batch.js';
import { keyOf, type TokenIds } from './token-ids.js';

/** Sizes of a compiled scoring or training function. */
export interface BatchShape {
  /** Packed sequences. */
  readonly batch: number;
  /** Padded tokens of a sequence. */
  readonly time: number;
  /** Padded rows. */
  readonly rows: number;
  /** Padded response length. */
  readonly response: number;
}

/** Some rows of a batch, packed for one run of a compiled function. */
export interface BatchPart {
  readonly shape: BatchShape;
  /** Row in the batch for each row of the part; padding rows are not in it. */
  readonly rows: readonly number[];
  readonly packed: PackedArrays;
  /** [rows * response] int32: the place whose hidden state predicts each response token; 0 on padding */
  readonly places: Int32Array;
  /** [batch * time] int32: the inverse of `places`; `rows * response` where nothing is read */
  readonly inverse: Int32Array;
  /** [rows * response] int32 */
  readonly targets: Int32Array;
  /** [rows * response]: 1 on response tokens */
  readonly mask: Float32Array;
}

interface Sequence {
  readonly text: { readonly shared: TokenIds; readonly continuations: TokenIds[] };
  readonly rows: number[];
}

/**
 * Splits a batch into parts of at most `limit` padded tokens, or one sequence where that is longer. Rows with equal prompts
 * become one sequence of up to `2 * limit` tokens (a longer one costs less than the prompt a second time): the prompt without its last token, then for each row that last token and the response without its own, so that
 * every place behind the shared part predicts exactly one response token. Scoring and training plan alike, which is what
 * makes their log-probabilities equal to the last bit.
 */
export function planBatch({ prompts, responses }: Pick<TokenBatch, 'prompts' | 'responses'>, limit: number): BatchPart[] {
  const sequences = groupRows(prompts, responses, limit);
  sequences.sort((a, b) => packedLength(b.text) - packedLength(a.text) || a.rows[0]! - b.rows[0]!);
  const parts: BatchPart[] = [];
  let first = 0;
  while (first < sequences.length) {
    const time = bucketTime(packedLength(sequences[first]!.text));
    const taken = sequences.slice(first, first + Math.max(1, Math.floor(limit / time)));
    parts.push(packPart(taken, time, responses));
    first += taken.length;
  }
  return parts;
}

function groupRows(prompts: readonly TokenIds[], responses: readonly TokenIds[], limit: number): Sequence[] {
  const groups = new Map<string, number[]>();
  prompts.forEach((prompt, row) => {
    const key = keyOf(prompt);
    const rows = groups.get(key);
    if (rows === undefined) groups.set(key, [row]);
    else rows.push(row);
  });
  return [...groups.values()].flatMap((rows) => {
    const sequences: Sequence[] = [];
    const prompt = Array.from(prompts[rows[0]!]!);
    const last = prompt[prompt.length - 1]!;
    const shared = prompt.slice(0, -1);
    for (const row of rows) {
      const continuation = [last, ...Array.from(responses[row]!).slice(0, -1)];
      let open = sequences.at(-1);
      if (open === undefined || packedLength(open.text) + continuation.length > 2 * limit) {
        open = { text: { shared, continuations: [] }, rows: [] };
        sequences.push(open);
      }
      open.text.continuations.push(continuation);
      open.rows.push(row);
    }
    return sequences;
  });
}

function packPart(sequences: readonly Sequence[], time: number, responses: readonly TokenIds[]): BatchPart {
  const batch = sequences.length;
  const rows = sequences.flatMap((sequence) => sequence.rows);
  const packed = packTexts(
    sequences.map(({ text }) => text),
    batch,
    time,
  );
  const starts = packed.starts.flat();
  const response = bucketResponse(Math.max(...rows.map((row) => responses[row]!.length)));
  const shape = { batch, time, rows: bucketRows(rows.length), response };
  const size = shape.rows * response;
  const places = new Int32Array(size);
  const inverse = new Int32Array(batch * time).fill(size);
  const targets = new Int32Array(size);
  const mask = new Float32Array(size);
  rows.forEach((row, index) => {
    const tokens = responses[row]!;
    for (let i = 0; i < tokens.length; i += 1) {
      const at = index * response + i;
      places[at] = starts[index]! + i;
      inverse[starts[index]! + i] = at;
      targets[at] = tokens[i]!;
      mask[at] = 1;
    }
  });
  return { shape, rows, packed, places, inverse, targets, mask };
}

/** A ragged column of the batch as the part's padded rectangle [rows, response], zero on padding. */
export function padColumn({ shape, rows }: BatchPart, column: readonly Float32Array[]): Float32Array {
  const padded = new Float32Array(shape.rows * shape.response);
  rows.forEach((row, index) => padded.set(column[row]!, index * shape.response));
  return padded;
}

/** The inverse of {@link padColumn}: writes the part's rows into `into`, each cut to its response's length. */
export function unpadColumn({ shape, rows }: BatchPart, padded: Float32Array, responses: readonly TokenIds[], into: Float32Array[]): void {
  rows.forEach((row, index) => {
    into[row] = padded.slice(index * shape.response, index * shape.response + responses[row]!.length);
  });
}

/** A name for the shape, for caches. */
export function shapeKey({ batch, time, rows, response }: BatchShape): string {
  return `${batch}x${time},${rows}x${response}`;
}
