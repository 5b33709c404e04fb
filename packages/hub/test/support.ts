import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeHub, type FakeHub } from '@expctr/test-support';
import { afterEach, beforeEach } from 'vitest';
import { fetchModel, lacksFile, parseModelId, type ChooseFiles, type DownloadProgress, type HubOptions } from '../src/index.js';

export const ID = 'org/model';
/** 64 KiB that are not all alike. */
export const WEIGHTS = Uint8Array.from({ length: 65_536 }, (_, at) => (at * 2_654_435_761) >>> 24);
export const FILES = { 'config.json': '{"a":1}', 'tokenizer.json': '{}', 'model.safetensors': WEIGHTS, 'other.bin': 'not needed' };

/** Those of {@link FILES} that are loaded. */
export const choose: ChooseFiles = ({ model, names }) => {
  const needed = ['config.json', 'tokenizer.json', 'model.safetensors'];
  const missing = needed.find((name) => !names.includes(name));
  if (missing !== undefined) throw lacksFile(`it has no ${missing}`, { where: model });
  return Promise.resolve(needed);
};

/** A hub with {@link ID}, and an empty cache; both new for every test. */
export interface Stage {
  hub: FakeHub;
  cacheDir: string;
  commit: string;
}

export function stage(): Stage {
  const here = {} as Stage;
  beforeEach(async () => {
    here.hub = await startFakeHub();
    here.cacheDir = await mkdtemp(join(tmpdir(), 'expctr-hub-'));
    here.commit = here.hub.publish(ID, FILES);
  });
  afterEach(async () => {
    await here.hub.close();
    await rm(here.cacheDir, { recursive: true, force: true });
  });
  return here;
}

export function fetchFrom({ hub, cacheDir }: Stage, options: HubOptions & { readonly name?: string } = {}) {
  const { name = ID, ...rest } = options;
  return fetchModel(parseModelId(name)!, choose, { endpoint: hub.url, cacheDir, pauseMs: 1, idleMs: 2_000, ...rest });
}

/** A promise that is kept when a download has so many bytes, and the `onProgress` that keeps it. */
export function arrival(bytes: number): { readonly arrived: Promise<void>; readonly onProgress: (progress: DownloadProgress) => void } {
  let keep = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (keep = resolve));
  return {
    arrived,
    onProgress: (progress) => {
      if (progress.file === 'model.safetensors' && progress.bytes >= bytes) keep();
    },
  };
}

/** Every file in a folder with its content, links followed. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'latin1')] as const)),
  );
}

/** Names in the folder of blobs that are no complete blob. */
export async function leftovers({ cacheDir }: Stage): Promise<string[]> {
  const names = await readdir(join(cacheDir, 'models--org--model', 'blobs')).catch(() => [] as string[]);
  return names.filter((name) => !/^[0-9a-f]+$/.test(name));
}
