import type { InputSignature } from './inputs.js';

/** A function to be made a program of, with its inputs. */
export interface CompileRequest {
  readonly name: string;
  readonly fn: (...args: never) => unknown;
  /** One tree of specs for each argument. */
  readonly specs: readonly unknown[];
  readonly signature: InputSignature;
}

/** Calls the function with one tree for each argument. */
export function callWith(request: CompileRequest, args: readonly unknown[]): unknown {
  return (request.fn as (...args: readonly unknown[]) => unknown)(...args);
}
