import type { TokenIds } from '@expctr/language-model';
import type { RowPair, TokenBatch } from '@expctr/language-model/training';
import { bucketRows } from '@expctr/tfjs-backend-onnx';
import { groupRows, packRows, unitsOf, type Sequence } from './batch-units.js';
import { bucketTime, bucketTokens, powerOfTwo } from './buckets.js';
import { packedLength, packTexts, type PackedArrays } from './packing.js';

/** What a plan needs of a batch. */
export type PlannedBatch = Pick<TokenBatch, 'prompts' | 'responses' | 'pairs' | 'pack'>;

/** Sizes of a compiled scoring or training function. */
export interface BatchShape {
  /** Packed sequences. */
  readonly batch: number;
  /** Padded tokens of a sequence. */
  readonly time: number;
  /** Padded number of response tokens. */
  readonly count: number;
  /** Padded rows. */
  readonly rows: number;
  /** Padded response length. */
  readonly response: number;
  /** Padded number of pairs; 0 where the batch has none. */
  readonly pairs: number;
}

/** Some rows of a batch, packed for one run of a compiled function. */
export interface BatchPart {
  readonly shape: BatchShape;
  /** Row in the batch for each row of the part; padding rows are not in it. */
  readonly rows: readonly number[];
  readonly packed: PackedArrays;
  /** [count] int32: the place whose hidden state predicts each response token, one row's after the other's; 0 on padding */
  readonly places: Int32Array;
  /** [batch * time] int32: the inverse of `places`; `count` where nothing is read */
  readonly inverse: Int32Array;
  /** [count] int32 */
  readonly targets: Int32Array;
  /** [rows * response] int32: the response token in each cell; 0 on padding */
  readonly cells: Int32Array;
  /** [count] int32: the inverse of `cells`; `rows * response` on padding */
  readonly cellOf: Int32Array;
  /** [rows * response]: 1 on response tokens */
  readonly mask: Float32Array;
  /** Null where the batch has none. */
  readonly pairs: PartPairs | null;
}

/** Pairs within a part. */
export interface PartPairs {
  /** [pairs] int32: rows of the part; 0 on padding */
  readonly chosen: Int32Array;
  /** [pairs] int32: rows of the part; 0 on padding */
  readonly rejected: Int32Array;
  /** [pairs]: 1 on pairs */
  readonly mask: Float32Array;
}

/**
 * Splits a batch into parts of at most `limit` padded tokens, or one sequence where that is longer. Rows with equal prompts
 * become one sequence of up to `2 * limit` tokens (a longer one costs less than the prompt a second time): the prompt without its
 * last token, then for each row that last token and the response without its own, so that every place behind the shared part
 * predicts exactly one response token. With `pack`, rows stand side by side instead ({@link packRows}). Rows that pairs connect, however indirectly, come into one part, whatever its size. Scoring
 * and training plan alike, which is what makes their log-probabilities equal to the last bit.
 */
export function planBatch({ prompts, responses, pairs = [], pack = false }: PlannedBatch, limit: number): BatchPart[] {
  const sequences = pack ? packRows(prompts, responses, limit) : groupRows(prompts, responses, pairs, limit);
  const parts: BatchPart[] = [];
  let open: Sequence[] = [];
  for (const unit of unitsOf(sequences, pairs)) {
    const longest = open[0] ?? unit[0]!;
    const fits = (open.length + unit.length) * bucketTime(packedLength(longest.text)) <= limit;
    if (open.length > 0 && !fits) {
      parts.push(packPart(open, responses, pairs));
      open = [];
    }
    open.push(...unit);
  }
  if (open.length > 0) parts.push(packPart(open, responses, pairs));
  return parts;
}

/** A row for each response takes no time but what it takes to compile another size. */
const LEAST_ROWS = 4;
const LEAST_RESPONSE = 32;

function packPart(sequences: readonly Sequence[], responses: readonly TokenIds[], allPairs: readonly RowPair[]): BatchPart {
  const batch = bucketRows(sequences.length);
  const time = bucketTime(Math.max(...sequences.map(({ text }) => packedLength(text))));
  const rows = sequences.flatMap((sequence) => sequence.rows);
  const packed = packTexts(
    sequences.map(({ text }) => text),
    batch,
    time,
  );
  const leads = sequences.flatMap((sequence) => sequence.leads);
  const starts = packed.starts.flat().map((start, index) => start + leads[index]!);
  const lengths = rows.map((row) => responses[row]!.length);
  const count = bucketTokens(lengths.reduce((sum, length) => sum + length, 0));
  const response = powerOfTwo(Math.max(LEAST_RESPONSE, ...lengths));
  const pairs = pairsOf(rows, allPairs);
  const shape = { batch, time, count, rows: powerOfTwo(Math.max(LEAST_ROWS, rows.length)), response, pairs: pairs?.mask.length ?? 0 };
  const size = shape.rows * response;
  const places = new Int32Array(count);
  const inverse = new Int32Array(batch * time).fill(count);
  const targets = new Int32Array(count);
  const cells = new Int32Array(size);
  const cellOf = new Int32Array(count).fill(size);
  const mask = new Float32Array(size);
  let at = 0;
  rows.forEach((row, index) => {
    const tokens = responses[row]!;
    for (let i = 0; i < tokens.length; i += 1, at += 1) {
      const place = starts[index]! + i;
      const cell = index * response + i;
      places[at] = place;
      inverse[place] = at;
      targets[at] = tokens[i]!;
      cells[cell] = at;
      cellOf[at] = cell;
      mask[cell] = 1;
    }
  });
  return { shape, rows, packed, places, inverse, targets, cells, cellOf, mask, pairs };
}

/** The pairs among some rows, by their places in `rows`; null where the batch has none at all. */
function pairsOf(rows: readonly number[], pairs: readonly RowPair[]): PartPairs | null {
  if (pairs.length === 0) return null;
  const placeOf = new Map(rows.map((row, place) => [row, place]));
  const own = pairs.filter(([chosen]) => placeOf.has(chosen));
  const size = bucketRows(own.length);
  const result = { chosen: new Int32Array(size), rejected: new Int32Array(size), mask: new Float32Array(size) };
  own.forEach(([chosen, rejected], at) => {
    result.chosen[at] = placeOf.get(chosen)!;
    result.rejected[at] = placeOf.get(rejected)!;
    result.mask[at] = 1;
  });
  return result;
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
export function shapeKey({ batch, time, count, rows, response, pairs }: BatchShape): string {
  return `${batch}x${time},${count},${rows}x${response}${pairs === 0 ? '' : `,${pairs}`}`;
}
