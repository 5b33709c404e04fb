import type { Rng } from '@expctr/core';

/** Files by their path inside a folder. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** A reader with valid inputs to start from. */
export interface Target {
  /** Its name on the command line. */
  readonly name: string;
  /** What is read. */
  readonly description: string;
  /** Valid inputs, written by our own writers where there are any, into `folder`; each is small. */
  samples(folder: string): Promise<readonly Files[]>;
  /** False where even the samples are refused, for a part is missing that is not tested. Default true. */
  readonly isWhole?: boolean;
  /** The files that are changed; all by default. */
  readonly changes?: (file: string) => boolean;
  /** A change that keeps a frame right which would catch most others (a checksum, a length). */
  readonly inside?: (bytes: Buffer, rng: Rng) => Buffer;
  /** Reads the folder and uses what it read. It throws an ExpctrError, or nothing; a plain Error says what is wrong with a value. */
  read(folder: string): Promise<void>;
}

/** Throws where a value is not what its reader promises. */
export function promise(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken promise: ${what}`);
}
