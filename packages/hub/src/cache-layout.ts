import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isCommit } from './model-id.js';

/** Where the files of one model are. Source: huggingface_hub, "Understand caching": blobs by hash, and snapshots that point to them. */
export interface ModelCache {
  /** Folder of the model. */
  readonly root: string;
  /** Folder of a commit: what is loaded. */
  snapshot(commit: string): string;
  /** Content by its hash. */
  blob(hash: string): string;
  /** The same while it is incomplete. Python's own incomplete files have other names: it may be writing to them. */
  part(hash: string): string;
  /** Held while a blob is written. */
  lock(hash: string): string;
  /** Text file with the commit that a branch or tag stood for. */
  ref(revision: string): string;
}

/** Names the places of a model; touches nothing. */
export function modelCache(cacheDir: string, id: string): ModelCache {
  const root = join(cacheDir, `models--${id.replace('/', '--')}`);
  return {
    root,
    snapshot: (commit) => join(root, 'snapshots', commit),
    blob: (hash) => join(root, 'blobs', hash),
    part: (hash) => join(root, 'blobs', `${hash}.expctr-part`),
    lock: (hash) => join(root, 'blobs', `${hash}.expctr-lock`),
    ref: (revision) => join(root, 'refs', revision),
  };
}

/** The commit that a revision stood for when the model was fetched. @returns null where none was */
export async function cachedCommit(cache: ModelCache, revision: string): Promise<string | null> {
  if (isCommit(revision)) return revision;
  const text = await readFile(cache.ref(revision), 'utf8').catch(() => '');
  return isCommit(text.trim()) ? text.trim() : null;
}

/** Names of the files in a snapshot, with `/` between folders; a pointer to a blob that is gone is none. */
export async function snapshotNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const there = await Promise.all(paths.map(async (path) => (await fileSize(path)) !== null));
  return paths
    .filter((_, at) => there[at])
    .map((path) => relative(folder, path).split(sep).join('/'))
    .sort();
}

/** Bytes of a file, links followed. @returns null where there is none */
export async function fileSize(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true ? found.size : null;
}
