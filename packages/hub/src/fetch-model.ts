import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, writeFileAtomic } from '@expctr/core';
import { cachedCommit, fileSize, modelCache, snapshotNames } from './cache-layout.js';
import { checkSpace } from './disk-space.js';
import { fetchBlob, type Target } from './download.js';
import { HubError } from './errors.js';
import { requestListing, type Listing, type RemoteFile } from './listing.js';
import { isCommit, type ModelId } from './model-id.js';
import { completeOptions, type Hub, type HubOptions } from './options.js';
import { placeFile } from './place.js';

/** The files that a model has, on the hub or in a folder here. */
export interface ModelFiles {
  /** `owner/name`, for errors. */
  readonly model: string;
  /** Names of all of them, with `/` between folders. */
  readonly names: readonly string[];
  /** The text of one; undefined where it is not here yet. */
  readonly read: (name: string) => Promise<string | undefined>;
}

/**
 * Which of a model's files are needed, in the order in which they are to come: weights last, so that weights which are there say that
 * the rest is. It is asked again when they have come, so what an index names may follow.
 *
 * It throws `lacksFile(…)` where the model has not what is needed.
 */
export type ChooseFiles = (files: ModelFiles) => Promise<readonly string[]>;

/** A model that is complete on this machine. */
export interface FetchedModel {
  /** Its snapshot: the files under their own names. */
  readonly folder: string;
  /** `owner/name`. */
  readonly id: string;
  /** What was fetched, for ever. */
  readonly commit: string;
}

/**
 * A model from the cache, or else from the hub. One that is complete in the cache, by whomever it was put there, is taken without
 * touching the network, also where its branch has moved on: give a commit to have another one.
 *
 * @throws HubError `HUB_OFFLINE`, `HUB_UNREACHABLE`, `HUB_NOT_FOUND`, `HUB_DENIED`, `HUB_BUSY`, `HUB_BAD_ANSWER`, `HUB_UNSAFE_NAME`,
 *   `HUB_FILE_MISSING`, `HUB_WRONG_FILE`, `HUB_NO_SPACE`, `HUB_INTERRUPTED`, `HUB_OPTION`
 * @throws FileError where the cache cannot be written
 */
export async function fetchModel(model: ModelId, choose: ChooseFiles, options: HubOptions = {}): Promise<FetchedModel> {
  const hub = completeOptions(options);
  const { id, revision } = model;
  const cache = modelCache(hub.cacheDir, id);
  const known = await cachedCommit(cache, revision);
  const lack = known === null ? 'nothing of it is there' : await lackOf(id, cache.snapshot(known), choose);
  if (known !== null && lack === null) return { folder: cache.snapshot(known), id, commit: known };
  if (hub.offline) throw offline(hub, model, lack ?? '');
  try {
    const contact = { reached: false };
    const listing = await requestListing(hub, contact, model);
    const { commit } = listing;
    await fetchFiles({ hub, contact, cache, id, commit }, listing, choose);
    if (!isCommit(revision)) await writeFileAtomic(cache.ref(revision), commit);
    return { folder: cache.snapshot(commit), id, commit };
  } catch (error) {
    throw fileError(error, (error as NodeJS.ErrnoException).path ?? hub.cacheDir);
  }
}

/** What keeps a snapshot from being used; null for a complete one. */
async function lackOf(model: string, folder: string, choose: ChooseFiles): Promise<string | null> {
  try {
    await choose({ model, names: await snapshotNames(folder), read: (name) => readIfThere(join(folder, name)) });
    return null;
  } catch (error) {
    if (error instanceof HubError && error.code === 'HUB_FILE_MISSING') return error.message;
    throw error;
  }
}

async function fetchFiles(target: Target, listing: Listing, choose: ChooseFiles): Promise<void> {
  const { hub, cache, id, commit } = target;
  const folder = cache.snapshot(commit);
  const files = { model: id, names: listing.names, read: (name: string) => readIfThere(join(folder, name)) };
  for (;;) {
    const lot: RemoteFile[] = [];
    for (const name of await choose(files)) {
      const file = await listing.file(name);
      if ((await fileSize(join(folder, name))) !== file.size) lot.push(file);
    }
    if (lot.length === 0) return;
    const missing = await Promise.all(lot.map(async (file) => file.size - (await bytesHere(target, file))));
    await checkSpace(
      hub.cacheDir,
      missing.reduce((sum, bytes) => sum + bytes, 0),
      id,
    );
    const total = lot.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const file of lot) {
      await fetchBlob(target, file, (bytes) => {
        hub.onProgress({ model: id, file: file.name, bytes: before + bytes, total });
      });
      await placeFile(cache.blob(file.hash), join(folder, file.name));
      before += file.size;
      // also said of files that were here already
      hub.onProgress({ model: id, file: file.name, bytes: before, total });
    }
  }
}

async function bytesHere({ cache }: Target, { hash, size }: RemoteFile): Promise<number> {
  const sizes = await Promise.all([fileSize(cache.blob(hash)), fileSize(cache.part(hash))]);
  return Math.max(0, ...sizes.map((bytes) => (bytes === null || bytes > size ? 0 : bytes)));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return (await fileSize(path)) === null ? undefined : readFile(path, 'utf8');
}

function offline({ cacheDir }: Hub, { id, revision }: ModelId, lack: string): HubError {
  return new HubError(
    'HUB_OFFLINE',
    `the network is not to be used (HF_HUB_OFFLINE), and the model is not complete in the cache: ${lack}`,
    {
      where: `${id}@${revision}`,
      expected: `the model in ${modelCache(cacheDir, id).root}`,
      remedy: 'fetch it once with a network, copy that folder from a machine that has it, or name a folder that holds the model',
    },
  );
}
