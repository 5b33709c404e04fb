import type { PoolingMode } from './pooling.js';

/** How the published models of a family are meant to be pooled. */
export interface EncoderFamily {
  /** As people call it. */
  readonly name: string;
  /** Looked for in the last part of a hub id or in a folder's name. */
  readonly pattern: RegExp;
  /** How token states become one vector. */
  readonly pooling: PoolingMode;
  /** Whether vectors are scaled to length 1. */
  readonly normalize: boolean;
}

/** Families whose ONNX folders usually come without sentence-transformers' files. A new family is one line. */
export const families: readonly EncoderFamily[] = [
  { name: 'BGE', pattern: /\bbge-(small|base|large|m3)\b/i, pooling: 'cls', normalize: true },
  { name: 'MiniLM', pattern: /\bminilm\b/i, pooling: 'mean', normalize: true },
  { name: 'E5', pattern: /\be5-(small|base|large)\b/i, pooling: 'mean', normalize: true },
];

/** The family that a model's name says it belongs to. */
export function familyOf(name: string): EncoderFamily | undefined {
  return families.find(({ pattern }) => pattern.test(name));
}
