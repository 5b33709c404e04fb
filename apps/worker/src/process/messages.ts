import type { Outcome } from '../chunks/make-chunk.js';

/** What a chunk process is asked: paths and ranges, never rows. */
export interface ChunkRequest {
  /** Folder of the plan. */
  readonly folder: string;
  readonly key: string;
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** An error as it crosses from one process to another. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly wrongUse: boolean;
}

/** What a chunk process says. */
export type ChunkMessage =
  /** It is waiting for a chunk. */
  | { readonly type: 'ready' }
  /** A line for people. */
  | { readonly type: 'say'; readonly text: string }
  /** Rows of the chunk that are done. */
  | { readonly type: 'rows'; readonly done: number }
  | { readonly type: 'done'; readonly outcome: Outcome | 'obsolete' }
  /**
   * The chunk has no result. `here`: models or inputs cannot be opened on this machine, so another may do it; else the rows themselves
   * are the reason.
   */
  | { readonly type: 'failed'; readonly here: boolean; readonly error: PlainError };
