import { HubError } from './errors.js';
import { fileUrl } from './file-url.js';
import { isObject, parseListing } from './parse-listing.js';
import type { ModelId } from './model-id.js';
import type { Hub } from './options.js';
import { ask } from './request.js';
import { retry, type Contact } from './retry.js';

/** A file of a model, with what its content has to be. */
export interface RemoteFile {
  /** With `/` between folders. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content (64 digits), or what git calls its blob: SHA-1 (40 digits). */
  readonly hash: string;
}

/** What the server has of a model at a revision. */
export interface Listing {
  /** The commit that the revision stands for now. */
  readonly commit: string;
  /** Names of all files. */
  readonly names: readonly string[];
  /** What is known of a file; the server is asked where the listing does not say it. */
  file(name: string): Promise<RemoteFile>;
}

/** A listing of many thousand files is far below it. */
const LARGEST_LISTING = 64 * 2 ** 20;
const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Asks for the files of a model. @throws HubError where there is no such model, or the answer is not what it should be */
export async function requestListing(hub: Hub, contact: Contact, { id, revision }: ModelId): Promise<Listing> {
  const url = `${hub.endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const answer = await retry(hub, id, contact, async () => textOf(hub, contact, id, url));
  const { commit, entries } = parseListing(answer, url, { id, revision });
  const files = new Map<string, RemoteFile>(); // those known, so that no header is asked for twice
  return {
    commit,
    names: [...entries.keys()].sort(),
    async file(name) {
      const file =
        files.get(name) ?? statedFile(name, entries.get(name) ?? {}) ?? (await askForFile(hub, contact, { id, revision: commit }, name));
      files.set(name, file);
      return file;
    },
  };
}

async function textOf(hub: Hub, contact: Contact, id: string, url: string): Promise<string> {
  const answer = await ask(hub, contact, { model: id, url });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.chunks()) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_LISTING)
      throw new HubError('HUB_BAD_ANSWER', 'the listing does not end', { where: url, remedy: 'check the endpoint (HF_ENDPOINT)' });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Size and hash as the listing has them; null where it leaves one out, as some mirrors do. */
function statedFile(name: string, entry: Record<string, unknown>): RemoteFile | null {
  const lfs = isObject(entry['lfs']) ? entry['lfs'] : null;
  const size = lfs === null ? entry['size'] : (lfs['size'] ?? entry['size']);
  const hash = lfs === null ? entry['blobId'] : (lfs['sha256'] ?? lfs['oid']);
  return checked(name, size, hash);
}

/** What the headers of the file itself say. Source: huggingface_hub, `get_hf_file_metadata`. */
async function askForFile(hub: Hub, contact: Contact, { id, revision }: ModelId, name: string): Promise<RemoteFile> {
  let url = fileUrl(hub, id, revision, name);
  for (let hops = 0; hops < 5; hops += 1) {
    const answer = await retry(hub, id, contact, () =>
      ask(hub, contact, { model: id, url, method: 'HEAD', redirect: 'manual', allowed: [301, 302, 303, 307, 308] }),
    );
    answer.close();
    const { status, headers } = answer;
    const etag = (headers.get('x-linked-etag') ?? headers.get('etag') ?? '').replace(/^W\//, '').replaceAll('"', '');
    const size = Number(headers.get('x-linked-size') ?? headers.get('content-length') ?? NaN);
    const linked = headers.has('x-linked-etag') || status < 300;
    const found = linked ? checked(name, size, etag) : null;
    if (found !== null) return found;
    const next = status < 300 ? null : headers.get('location');
    if (next === null || new URL(next, url).origin !== new URL(hub.endpoint).origin) break; // a renamed model stays on the same server
    url = new URL(next, url).href;
  }
  throw new HubError('HUB_BAD_ANSWER', `the server says neither in its listing nor for the file what size and hash ${name} has`, {
    where: id,
    expected: 'a hash by which the file can be verified',
    remedy: 'use the hub itself or another mirror (HF_ENDPOINT)',
  });
}

function checked(name: string, size: unknown, hash: unknown): RemoteFile | null {
  const usable = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && typeof hash === 'string' && HASH.test(hash);
  return usable ? { name, size, hash } : null;
}
