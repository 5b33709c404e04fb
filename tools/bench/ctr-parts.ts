// Where the time of a training step goes, function by function, by V8's sampling profiler.
import { Session, type Profiler } from 'node:inspector/promises';

/** A part of the work, and the functions whose own time it is, by file and name. Small functions are part of those that call them. */
const PARTS: readonly (readonly [part: string, file: RegExp, name: RegExp])[] = [
  ['the profiler', /^$/u, /^(?:dispatch|post)$/u],
  ['graph (ONNX Runtime: products, and the copy of its results)', /^$|onnxruntime/u, /(?:)/u],
  ['gather table rows', /tables\/gather|model\/batch/u, /(?:)/u],
  ['sum the gradients of table rows', /tables\/(?:row-gradients|slots)/u, /^(?:scatter|slot|of|clear|add)$/u],
  ['update table rows', /tables\/row-gradients/u, /(?:)/u],
  ['update the rest (optimizer)', /tables\/row-optimizer|fit\/training-step/u, /(?:)/u],
  ['rest of the step', /ctr-models|tfjs-backend-onnx|tfjs-core|^node:/u, /(?:)/u],
];

/** Milliseconds of each part while `work` runs, largest first; `total` is the whole. */
export async function partsOf(work: () => Promise<unknown>): Promise<{ readonly part: string; readonly milliseconds: number }[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const times = new Map<string, number>();
  for (const [node, microseconds] of ownTimes(profile)) {
    const { url, functionName } = node.callFrame;
    if (functionName === '(idle)' || functionName === '(program)') continue;
    const part =
      functionName === '(garbage collector)'
        ? 'garbage collection'
        : (PARTS.find(([, file, name]) => file.test(url) && name.test(functionName))?.[0] ?? 'other');
    times.set(part, (times.get(part) ?? 0) + microseconds / 1000);
  }
  return [...times].map(([part, milliseconds]) => ({ part, milliseconds })).sort((a, b) => b.milliseconds - a.milliseconds);
}

/** Microseconds spent in each function itself. */
function ownTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<Profiler.ProfileNode, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const times = new Map<Profiler.ProfileNode, number>();
  samples.forEach((id, k) => {
    const node = byId.get(id)!;
    times.set(node, (times.get(node) ?? 0) + (timeDeltas[k + 1] ?? 0)); // a sample lasts until the next
  });
  return times;
}
