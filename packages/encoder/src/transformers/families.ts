import type { PoolingMode } from './pooling.js';

/** How the published models of a family are meant to be pooled. */
export interface EncoderFamily {
  readonly name: string;
  /** Looked for in the last part of a hub id or in a folder's name. */
  readonly pattern: RegExp;
  readonly pooling: PoolingMode;
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
