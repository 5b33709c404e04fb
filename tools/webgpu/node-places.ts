// Which nodes ONNX Runtime put where, from the profiles of every session of this process.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binding } from 'onnxruntime-node/dist/binding.js';

/** Runs of nodes by execution provider, then by operator. */
export type Places = ReadonlyMap<string, ReadonlyMap<string, number>>;

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

/** Has every session that is made while `work` runs write a profile, and counts what they say. */
export async function placesOf(work: () => Promise<unknown>): Promise<Places> {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-places-'));
  const { InferenceSession } = binding;
  const open = new Set<InstanceType<typeof InferenceSession>>();
  let made = 0;
  class Profiled extends InferenceSession {
    override loadModel(...args: unknown[]): void {
      const options = args.pop() as object;
      made += 1;
      const profiled = [...args, { ...options, enableProfiling: true, profileFilePrefix: join(folder, String(made)) }];
      super.loadModel(...(profiled as unknown as [path: string, options: object]));
      open.add(this);
    }

    override dispose(): void {
      if (open.delete(this)) this.endProfiling();
      super.dispose();
    }
  }
  const bound = binding as { InferenceSession: typeof InferenceSession };
  bound.InferenceSession = Profiled;
  try {
    await work();
    for (const session of open) session.endProfiling();
    return count(
      await Promise.all(
        (await readdir(folder)).map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as readonly ProfileEvent[]),
      ),
    );
  } finally {
    bound.InferenceSession = InferenceSession;
    await rm(folder, { recursive: true });
  }
}

function count(profiles: readonly (readonly ProfileEvent[])[]): Places {
  const places = new Map<string, Map<string, number>>();
  for (const { cat, name, args } of profiles.flat()) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || args?.provider === undefined) continue;
    const operators = places.get(args.provider) ?? new Map<string, number>();
    places.set(args.provider, operators.set(args.op_name ?? '', (operators.get(args.op_name ?? '') ?? 0) + 1));
  }
  return places;
}
