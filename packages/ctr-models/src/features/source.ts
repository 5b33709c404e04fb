import type { Interactions } from '@expctr/data';

/** Where features were built from: which interaction each row is. */
export interface FeatureSource {
  /** All interactions. */
  readonly interactions: Interactions;
  /** The interaction of each row. */
  readonly rows: Int32Array;
  /** The interactions that the schema was fitted on; absent where it was given. */
  readonly fitRows?: Int32Array;
}
