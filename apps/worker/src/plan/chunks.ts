import { sha256 } from '@expctr/core';
import { PLAN_FORMAT, type Plan } from './plan.js';

/** Some rows of a plan, and the name of their result. */
export interface Chunk {
  /** SHA-256 of everything that decides the result: inputs, model, options, version, rows. */
  readonly key: string;
  /** First row. */
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** The chunks of a plan in the order of their rows. */
export function chunksOf(plan: Plan): Chunk[] {
  const [from, to] = plan.rows;
  const identity = planIdentity(plan);
  const chunks: Chunk[] = [];
  for (let begin = from; begin < to; begin += plan.chunkRows) {
    const end = Math.min(to, begin + plan.chunkRows);
    chunks.push({ key: chunkKey(identity, begin, end), from: begin, to: end });
  }
  return chunks;
}

/** The chunk of some rows. */
export function chunkOf(plan: Plan, from: number, to: number): Chunk {
  return { key: chunkKey(planIdentity(plan), from, to), from, to };
}

/** Checksum of what all chunks of a plan share. Neither a path nor where chunks are cut is part of it. */
function planIdentity({ version, kind, inputs, model, options }: Plan): string {
  const digests = Object.entries(inputs)
    .map(([role, { sha256: digest }]) => [role, digest])
    .sort();
  return sha256(JSON.stringify([PLAN_FORMAT, version, kind, digests, model.sha256, sorted(options)]));
}

const chunkKey = (identity: string, from: number, to: number): string => sha256(`${identity} ${from} ${to}`);

/** A value whose objects have their keys in order: the same options give the same text however they were written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
