import type { Explanations, Interactions } from '@expctr/data';
import type { ExplanationMetrics } from '../figures/texts.js';
import { variety } from '../quality/variety.js';

/** Length, truncation, emptiness and variety of each file's explanations. Files without rows are left out. */
export function explanationMetrics(files: ReadonlyMap<string, Explanations>, { user }: Interactions): Record<string, ExplanationMetrics> {
  const filled = [...files].filter(([, { length }]) => length > 0);
  return Object.fromEntries(filled.map(([name, explanations]) => [name, metricsOf(explanations, user)]));
}

function metricsOf({ length, interactionId, tokenCount, finishReason, read }: Explanations, user: Int32Array): ExplanationMetrics {
  return {
    rows: length,
    meanTokens: tokenCount.reduce((sum, count) => sum + count, 0) / length,
    cutShare: finishReason.filter((reason) => reason === 'length').length / length,
    emptyShare: read.filter((text) => text.trim() === '').length / length,
    distinctShare: new Set(read).size / length,
    ...variety(
      read,
      Int32Array.from(interactionId, (id) => user[id] ?? -1),
    ),
  };
}
