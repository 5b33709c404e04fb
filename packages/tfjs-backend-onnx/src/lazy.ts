import type { Value } from './graph.js';
import { optimize } from './passes/index.js';
import { createSession } from './session.js';
import type { HostArray } from './tensors.js';

/** Computes a value that was recorded outside a trace: a graph of all that leads to it, run once. */
export async function evaluate(value: Value): Promise<HostArray> {
  const graph = optimize({ name: 'lazy', inputs: [], outputs: [value] });
  const session = await createSession(graph, [], ['value'], {});
  try {
    const [result] = await session.run([]);
    return result!.data;
  } finally {
    await session.dispose();
  }
}
