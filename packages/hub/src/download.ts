import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileSize, type ModelCache } from './cache-layout.js';
import { HubError, interrupted, PassingError } from './errors.js';
import { fileUrl } from './file-url.js';
import type { RemoteFile } from './listing.js';
import { withLock } from './lock.js';
import type { Hub } from './options.js';
import { ask, type Answer } from './request.js';
import { retry, type Contact } from './retry.js';
import { differenceFrom } from './verify.js';

/** Whose file is fetched, and to where. */
export interface Target {
  readonly hub: Hub;
  readonly contact: Contact;
  readonly cache: ModelCache;
  /** `owner/name`. */
  readonly id: string;
  readonly commit: string;
}

/**
 * Brings the content of a file into the cache: what an earlier try left is gone on with, and size and hash are verified before the
 * content gets its name.
 * @param report called with the number of bytes that are there
 * @throws HubError `HUB_WRONG_FILE` where the server gives something else than it lists
 */
export async function fetchBlob(target: Target, file: RemoteFile, report: (bytes: number) => void): Promise<void> {
  const { hub, cache, id } = target;
  const blob = cache.blob(file.hash);
  if ((await fileSize(blob)) === file.size) return;
  const check = (): void => {
    if (hub.signal?.aborted === true) throw interrupted(id);
  };
  await withLock(cache.lock(file.hash), check, async () => {
    if ((await fileSize(blob)) === file.size) return; // another process has brought it
    const part = cache.part(file.hash);
    const resumed = ((await fileSize(part)) ?? 0) > 0;
    let difference = await receiveAll(target, file, report);
    if (difference !== null && resumed) difference = await receiveAll(target, file, report); // what was left may have been the fault
    if (difference !== null) throw wrongFile(id, file, difference);
    await rm(blob, { force: true }); // one of another size
    await rename(part, blob);
  });
}

/** Fetches until the part is complete. @returns what is wrong with it, and removes it then */
async function receiveAll(target: Target, file: RemoteFile, report: (bytes: number) => void): Promise<string | null> {
  const { hub, contact, cache, id } = target;
  const part = cache.part(file.hash);
  let most = 0;
  const received = (bytes: number): void => {
    most = Math.max(most, bytes);
    report(bytes);
  };
  await retry(
    hub,
    id,
    contact,
    () => receive(target, file, received),
    () => most,
  );
  const difference = await differenceFrom(file, part);
  if (difference !== null) await rm(part, { force: true });
  else await flush(part);
  return difference;
}

/** One request for what is still missing. */
async function receive(target: Target, file: RemoteFile, report: (bytes: number) => void): Promise<void> {
  const { hub, contact, cache, id, commit } = target;
  const part = cache.part(file.hash);
  await mkdir(dirname(part), { recursive: true });
  const have = (await fileSize(part)) ?? 0;
  if (have > file.size) await rm(part, { force: true });
  else if (have > 0 || file.size === 0) report(have);
  if (have === file.size && have > 0) return;
  const from = have > file.size ? 0 : have;
  const answer = await ask(hub, contact, {
    model: id,
    url: fileUrl(hub, id, commit, file.name),
    headers: from > 0 ? { range: `bytes=${from}-` } : {},
    allowed: [416],
  });
  const start = startOf(answer, from, file, id);
  if (start === null) {
    await rm(part, { force: true });
    throw new PassingError(wrongFile(id, file, 'the server does not give the rest of it'));
  }
  // a server without ranges sends all of it: a new file takes the place of what was there
  const handle = await open(part, start === 0 ? 'w' : 'r+');
  try {
    await writeChunks(answer, handle, start, file, report);
  } catch (error) {
    if (error instanceof HubError && error.code === 'HUB_WRONG_FILE') await rm(part, { force: true });
    throw error;
  } finally {
    answer.close();
    await handle.close();
  }
}

async function writeChunks(
  answer: Answer,
  handle: FileHandle,
  start: number,
  file: RemoteFile,
  report: (bytes: number) => void,
): Promise<void> {
  let at = start;
  for await (const chunk of answer.chunks()) {
    if (at + chunk.length > file.size) throw wrongFile(file.name, file, `the server sends more than ${file.size} bytes`);
    for (let done = 0; done < chunk.length;) done += (await handle.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
    at += chunk.length;
    report(at);
  }
  if (at < file.size) throw new PassingError(wrongFile(file.name, file, `it ends after ${at} of ${file.size} bytes`));
}

/** The byte that the body begins with; null for an answer that does not fit what is there. */
function startOf({ status, headers }: Answer, asked: number, file: RemoteFile, id: string): number | null {
  if (status === 416) return null;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (status === 206) {
    if (range === null || Number(range[1]) !== asked) return null;
    if (range[2] !== '*' && Number(range[2]) !== file.size)
      throw wrongFile(id, file, `the server has ${range[2]} bytes instead of ${file.size}`);
    return asked;
  }
  const length = headers.has('content-encoding') ? null : headers.get('content-length');
  if (length !== null && Number(length) !== file.size) throw wrongFile(id, file, `the server has ${length} bytes instead of ${file.size}`);
  return 0;
}

function wrongFile(where: string, { name }: RemoteFile, difference: string): HubError {
  return new HubError('HUB_WRONG_FILE', `${name} is not what the hub lists: ${difference}`, {
    where,
    expected: 'the size and hash that the listing has',
    remedy: 'start again; if it stays so, a proxy or mirror changes files: use another (HF_ENDPOINT)',
  });
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
