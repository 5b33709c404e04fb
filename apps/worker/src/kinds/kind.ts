import type { Explanations, Embeddings, readTable } from '@expctr/data';
import type { HubOptions } from '@expctr/hub';
import type { Progress } from '@expctr/trainer';
import type { PlacedPlan } from '../plan/plan.js';

/** An Arrow table. */
export type Table = Awaited<ReturnType<typeof readTable>>;

/** What a kind of work is opened with. */
export interface WorkContext {
  /** Where models that are named by their hub id come from. */
  readonly hub: HubOptions;
  readonly progress: Progress;
  /** Aborted where the rows are no more wanted. */
  readonly signal: AbortSignal | undefined;
}

/** Models and inputs in memory, ready for any rows of a plan. */
export interface RowWork<T> {
  /** The results of rows [from, to), which depend on these rows alone. */
  rows(from: number, to: number): Promise<T>;
  /** Frees models and closes files. */
  readonly close: () => Promise<void>;
}

/** How results of a kind are kept: as tables of a schema of `@expctr/data`. */
export interface ResultForm<T extends { readonly length: number }> {
  toTable(result: T): Table;
  fromTable(table: Table): T;
  concat(parts: readonly T[]): T;
  slice(result: T, from: number, to: number): T;
}

/** A kind of work. */
export interface Kind<T extends { readonly length: number } = Explanations | Embeddings> {
  /** One line for `--help`. */
  readonly description: string;
  /** Number of rows that there are. @param inputs paths by role */
  count(inputs: Readonly<Record<string, string>>): Promise<number>;
  /** @throws where a model or an input is not here, or not what the plan was made of: another machine may have it */
  open(plan: PlacedPlan, context: WorkContext): Promise<RowWork<T>>;
  readonly form: ResultForm<T>;
  /** Which interaction each row [from, to) has to be about, where that follows from the plan alone; null where it stands in an input. */
  readonly idsAreRows: boolean;
}
