import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Delta } from './tiny-model.js';

/** What one request for a completion meets. */
export type Fault =
  | { readonly kind: 'drop' | 'half' | 'slow' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number }
  | { readonly kind: 'lie'; readonly change: (answer: Json) => void };

/** An answer or a request as it stands. */
export type Json = unknown;

/** What a server does with a request: its status and its body, text as it is and all else as JSON. */
export type Handler = (path: string, body: Json, server: FakeServer) => Promise<readonly [status: number, body: unknown]>;

/** A small server in the manner of one engine, which can misbehave. */
export interface FakeServer {
  readonly url: string;
  /** Adapters by name. */
  readonly adapters: Map<string, Delta>;
  /** Prefixes cached under an adapter's name, as the first adapter of that name left them. */
  readonly cache: Map<string, Delta>;
  /** Every request so far. */
  readonly requests: { readonly path: string; readonly body: Json }[];
  /** What the next requests for completions meet, one each. */
  faults: Fault[];
  /** What every request for a completion meets once `faults` are used up. */
  always: Fault | undefined;
  /** Answers with the base model, whatever adapter is named. */
  baseSilently: boolean;
  /** Forgets its adapters, as a server that was started again. */
  restart(): void;
  /** Refuses connections from now on. */
  kill(): Promise<void>;
}

const open = new Set<FakeServer>();

/** Ends all servers that are still there. */
export async function closeAll(): Promise<void> {
  await Promise.all([...open].map((server) => server.kill()));
}

/** @param completions the path of requests that can meet faults */
export async function startFake(completions: string, handle: Handler): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const http: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += String(piece)));
    request.on('end', () => void answer(request.url ?? '', text === '' ? undefined : (JSON.parse(text) as Json), response));
  });
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

  async function answer(path: string, body: Json, response: ServerResponse): Promise<void> {
    server.requests.push({ path, body });
    const fault = path === completions ? (server.faults.shift() ?? server.always) : undefined;
    if (fault?.kind === 'drop') return void response.destroy();
    if (fault?.kind === 'slow') return; // nothing ever comes
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) });
      return void response.end('{"error":"busy"}');
    }
    const [status, given] = await handle(path, body, server).catch((error: Error) => [404, { error: { message: error.message } }] as const);
    if (fault?.kind === 'lie') fault.change(given);
    const out = typeof given === 'string' ? given : JSON.stringify(given);
    if (fault?.kind === 'half') {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(out.slice(0, out.length / 2));
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(out);
  }

  const server: FakeServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    adapters: new Map(),
    cache: new Map(),
    requests: [],
    faults: [],
    always: undefined,
    baseSilently: false,
    restart() {
      this.adapters.clear();
      this.cache.clear();
    },
    kill() {
      open.delete(server);
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => http.close(() => resolve()));
    },
  };
  open.add(server);
  return server;
}

/** The weights that answer for a name: those that are loaded, or what an older adapter of that name left in the cache. */
export function weightsFor(server: FakeServer, name: string | null): Delta | null {
  if (name === null || server.baseSilently) return null;
  const cached = server.cache.get(name) ?? server.adapters.get(name)!;
  server.cache.set(name, cached);
  return cached;
}
