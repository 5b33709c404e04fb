import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** A request that a {@link FakeHub} got. */
export interface HubRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly range: string | undefined;
  readonly token: string | undefined;
}

/** What one answer of a file does wrong. */
export interface HubFault {
  /** The connection breaks after so many bytes of the body. */
  readonly dropAfter?: number;
  /** What {@link dropAfter} waits for: bytes that have left may still be lost where the connection breaks before they are read. */
  readonly dropWhen?: Promise<unknown>;
  /** Nothing more is sent after so many bytes. */
  readonly stallAfter?: number;
  /** This status in place of the file. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ranges are not looked at: the whole file comes with 200. */
  readonly noRanges?: boolean;
  /** Other content; its length is not that of the listing where it has another one. */
  readonly content?: Uint8Array;
  /** Without a Content-Length. */
  readonly chunked?: boolean;
  /** The body comes in pieces of so many bytes, 5 ms apart. */
  readonly piece?: number;
}

/** How a {@link FakeHub} behaves; every field may be changed at any time. */
export interface HubBehavior {
  /** Faults of the next answers, for files whose name ends so; each is used once, `*` for any file. */
  faults: { readonly file: string; readonly fault: HubFault }[];
  /** Status and headers in place of a listing; each is used once. */
  listingFaults: { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }[];
  /** Only requests with this token are answered. */
  token: string | undefined;
  /** Listings without sizes and hashes, as some mirrors give them. */
  bareListings: boolean;
  /** Files are redirected to this server. */
  storage: string | undefined;
  /** Names that the listing has beside the files. */
  extraNames: string[];
}

/** A server on this machine that speaks as much of the hub's protocol as a download needs. */
export interface FakeHub {
  readonly url: string;
  readonly requests: HubRequest[];
  readonly behavior: HubBehavior;
  /** Commit of the last state that was published of a model. */
  commit(id: string): string;
  /** Files of a model; each call is a new commit of `main`. */
  publish(id: string, files: Readonly<Record<string, string | Uint8Array>>): string;
  /** The files of a folder, by their paths in it. */
  publishFolder(id: string, folder: string): Promise<string>;
  close(): Promise<void>;
}

interface StoredFile {
  readonly content: Uint8Array;
  readonly sha256: string;
  readonly git: string;
  /** Files that are not text are kept in large-file storage and known by SHA-256. */
  readonly large: boolean;
}

type Commit = ReadonlyMap<string, StoredFile>;

/** Starts a hub on a free port. */
export async function startFakeHub(): Promise<FakeHub> {
  const commits = new Map<string, Map<string, Commit>>();
  const heads = new Map<string, string>();
  const requests: HubRequest[] = [];
  const behavior: HubBehavior = {
    faults: [],
    listingFaults: [],
    token: undefined,
    bareListings: false,
    storage: undefined,
    extraNames: [],
  };
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => void answer(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request;
    const token = headers.authorization?.replace(/^Bearer /, '');
    requests.push({ method, path, range: headers.range, token });
    if (behavior.token !== undefined && behavior.token !== token) {
      return void response.writeHead(401, token === undefined ? { 'x-error-code': 'RepoNotFound' } : {}).end();
    }
    const listing = /^\/api\/models\/(.+)\/revision\/([^?]+)/.exec(path);
    if (listing !== null) return sendListing(response, listing[1]!, decodeURIComponent(listing[2]!));
    const file = /^\/(.+?)\/resolve\/([^/]+)\/([^?]+)/.exec(path);
    if (file === null) return void response.writeHead(404).end();
    await sendFile(request, response, file[1]!, decodeURIComponent(file[2]!), decodeURIComponent(file[3]!));
  }

  function find(response: ServerResponse, id: string, revision: string): readonly [string, Commit] | null {
    const head = heads.get(id);
    const commit = revision === 'main' ? head : revision;
    const files = commits.get(id)?.get(commit ?? '');
    if (files !== undefined) return [commit!, files];
    response.writeHead(404, { 'x-error-code': head === undefined ? 'RepoNotFound' : 'RevisionNotFound' }).end();
    return null;
  }

  function sendListing(response: ServerResponse, id: string, revision: string): void {
    const fault = behavior.listingFaults.shift();
    if (fault !== undefined) return void response.writeHead(fault.status, { ...fault.headers }).end(fault.body);
    const found = find(response, id, revision);
    if (found === null) return;
    const [sha, files] = found;
    const siblings = [...files].map(([rfilename, { content, sha256, git, large }]) =>
      behavior.bareListings
        ? { rfilename }
        : { rfilename, size: content.length, blobId: git, ...(large ? { lfs: { sha256, size: content.length, pointerSize: 130 } } : {}) },
    );
    const extra = behavior.extraNames.map((rfilename) => ({ rfilename, size: 1, blobId: '0'.repeat(40) }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id, sha, siblings: [...siblings, ...extra] }));
  }

  async function sendFile(request: IncomingMessage, response: ServerResponse, id: string, revision: string, name: string): Promise<void> {
    const found = find(response, id, revision);
    if (found === null) return;
    const [commit, files] = found;
    const stored = files.get(name);
    if (stored === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound', 'x-repo-commit': commit }).end();
    const etag = stored.large ? stored.sha256 : stored.git;
    const known = { 'x-repo-commit': commit, 'x-linked-size': String(stored.content.length), 'x-linked-etag': `"${etag}"` };
    if (behavior.storage !== undefined) {
      return void response.writeHead(302, { ...known, etag: '"storage"', location: `${behavior.storage}${request.url}` }).end();
    }
    const at = request.method === 'HEAD' ? -1 : behavior.faults.findIndex(({ file }) => file === '*' || name.endsWith(file));
    const fault = at < 0 ? {} : behavior.faults.splice(at, 1)[0]!.fault;
    if (fault.status !== undefined) return void response.writeHead(fault.status, { ...fault.headers }).end();
    const content = fault.content ?? stored.content;
    const [, first] = /^bytes=(\d+)-$/.exec(fault.noRanges === true ? '' : (request.headers.range ?? '')) ?? [];
    const start = Number(first ?? 0);
    if (first !== undefined && start >= content.length)
      return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    const body = content.subarray(start);
    response.writeHead(first === undefined ? 200 : 206, {
      ...known,
      etag: `"${etag}"`,
      ...(fault.chunked === true ? {} : { 'content-length': body.length }),
      ...(first === undefined ? {} : { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
      ...fault.headers,
    });
    if (request.method === 'HEAD') return void response.end();
    await sendBody(response, body, fault);
  }

  function publish(id: string, files: Readonly<Record<string, string | Uint8Array>>): string {
    const stored = new Map(Object.entries(files).map(([name, content]) => [name, storedFile(name, content)]));
    const commit = createHash('sha1')
      .update(JSON.stringify([id, commits.get(id)?.size ?? 0, ...[...stored].map(([name, { sha256 }]) => [name, sha256])]))
      .digest('hex');
    commits.set(id, new Map([...(commits.get(id) ?? []), [commit, stored]]));
    heads.set(id, commit);
    return commit;
  }

  return {
    url,
    requests,
    behavior,
    commit: (id) => heads.get(id)!,
    publish,
    async publishFolder(id, folder) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      const files = await Promise.all(
        paths.map(async (path) => [relative(folder, path).split(sep).join('/'), await readFile(path)] as const),
      );
      return publish(id, Object.fromEntries(files));
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function sendBody(response: ServerResponse, body: Uint8Array, { dropAfter, dropWhen, stallAfter, piece }: HubFault): Promise<void> {
  const end = Math.min(dropAfter ?? stallAfter ?? body.length, body.length);
  const step = piece ?? Math.max(1, end);
  for (let at = 0; at < end; at += step) {
    await new Promise<void>((resolve) => response.write(body.subarray(at, Math.min(end, at + step)), () => resolve()));
    if (piece !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (dropAfter !== undefined) {
    await (dropWhen ?? new Promise((resolve) => setTimeout(resolve, 5)));
    response.destroy();
  } else if (stallAfter === undefined) response.end();
}

function storedFile(name: string, content: string | Uint8Array): StoredFile {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return {
    content: bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    git: createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
    large: /\.(?:safetensors|onnx|bin|gguf)$/.test(name),
  };
}
