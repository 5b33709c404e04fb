import type { MadeRun } from '../made-run.js';

/** What all parts of the test share: made once, for it takes a while. */
export interface Given {
  readonly run: MadeRun;
  /** A server of the run. */
  readonly url: string;
}
