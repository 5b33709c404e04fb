import type { InteractionStream } from '../schemas/interaction-table.js';
import type { Interactions } from '../schemas/interactions.js';
import type { CardHistory } from './card.js';
import { createHistoryCounter } from './describe.js';

const ROWS_AT_A_TIME = 65_536;

/** All histories, end to end, and their counts. */
export function historiesInMemory(
  histories: InteractionStream['histories'],
  length: number,
): Pick<Interactions, 'historyOffsets'> & { readonly values: Interactions['history']; readonly history: CardHistory } {
  const counter = createHistoryCounter();
  const historyOffsets = new Uint32Array(length + 1);
  const parts: Uint32Array[] = [];
  let total = 0;
  for (let start = 0; start < length; start += ROWS_AT_A_TIME) {
    const { offsets, values } = histories(start, Math.min(length, start + ROWS_AT_A_TIME));
    counter.add(offsets);
    for (let i = 1; i < offsets.length; i += 1) historyOffsets[start + i] = total + offsets[i]!;
    parts.push(values.slice());
    total += values.length;
  }
  const all = new Uint32Array(total);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return { historyOffsets, values: all, history: counter.result() };
}
