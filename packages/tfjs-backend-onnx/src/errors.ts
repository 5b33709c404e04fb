import { ExpctrError } from '@expctr/core';

/** Why a function cannot be traced. */
export type TraceErrorCode =
  | 'TRACE_READS_VALUE'
  | 'TRACE_UNKNOWN_KERNEL'
  | 'TRACE_CAPTURED_TENSOR'
  | 'TRACE_VARIABLE'
  | 'TRACE_TRAIN_OPTIMIZER'
  | 'TRACE_NOT_PURE'
  | 'TRACE_UNSUPPORTED_DTYPE'
  | 'TRACE_RESULT'
  | 'TRACE_DYNAMIC_AXIS';

/** A function cannot become a graph. The message names the traced function, the operation and the remedy. */
export class TraceError extends ExpctrError {}

/** What is wrong with a call of a compiled function, or with its life cycle. */
export type CompiledErrorCode =
  | 'COMPILED_INPUT'
  | 'COMPILED_DISPOSED'
  | 'COMPILED_EAGER'
  | 'COMPILED_EAGER_SAVE'
  | 'COMPILED_DYNAMIC_SAVE'
  | 'COMPILED_TOO_LARGE'
  | 'COMPILED_SESSION'
  | 'COMPILED_PROVIDER'
  | 'COMPILED_RUN'
  | 'COMPILED_SYNC'
  | 'COMPILED_FILE_CORRUPT'
  | 'COMPILED_FILE_VERSION'
  | 'COMPILED_FILE_FOREIGN';

/** A compiled function was given inputs that its specs do not allow, or was used after `dispose`. */
export class CompiledFunctionError extends ExpctrError {}
