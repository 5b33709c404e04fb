import { chunkStore } from '../chunks/store.js';
import { chunksOf, type Chunk } from '../plan/chunks.js';
import type { PlacedPlan } from '../plan/plan.js';

/** The chunks of a plan that have no whole result, and how many have one; damaged results are set aside. */
export async function chunksToDo(
  { plan, folder }: PlacedPlan,
  say: (text: string) => void,
): Promise<{ readonly toDo: readonly Chunk[]; readonly whole: number }> {
  const store = chunkStore(folder);
  const toDo: Chunk[] = [];
  let whole = 0;
  for (const chunk of chunksOf(plan)) {
    const state = await store.state(chunk);
    if (state === 'whole') {
      whole += 1;
      continue;
    }
    if (state === 'damaged') {
      say(`warning: the result of rows ${chunk.from} to ${chunk.to} is damaged; it is ${await store.setAside(chunk)} now`);
    }
    toDo.push(chunk);
  }
  return { toDo, whole };
}
