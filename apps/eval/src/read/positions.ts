import type { Explanations } from '@expctr/data';

/** Where each interaction stands in a file; the last row counts where there are several. */
export function positions({ interactionId }: Explanations): Map<number, number> {
  return new Map(Array.from(interactionId, (id, at) => [id, at]));
}
