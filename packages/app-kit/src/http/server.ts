import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { COMMON_HEADERS, JSON_TYPE, type Answer } from './answer.js';
import { readBody, requireJson, requireSize } from './body.js';
import { answerClientError } from './client-error.js';
import { sendEvents } from './events.js';
import type { HttpMetrics } from './metrics.js';
import type { HttpLimits } from './options.js';
import { RefusedRequest, type HttpDialect } from './refusal.js';
import { findRoute, type Route } from './router.js';

/** A server that listens. */
export interface HttpServer {
  /** Where it listens. */
  readonly port: number;
  /** Open connections. */
  readonly connections: number;
  /** Whether it was told to stop. */
  readonly isStopping: boolean;
  /**
   * Takes no more connections, lets requests under way come to their end, and closes.
   * @returns whether all of them did within `graceSeconds`
   */
  stop(): Promise<boolean>;
}

/** What a server works with. */
export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly limits: HttpLimits;
  readonly dialect: HttpDialect;
  readonly metrics: Pick<HttpMetrics, 'request' | 'dropped'>;
  /** Told of an error that is nobody's fault but the server's. */
  readonly onFailure: (error: unknown) => void;
}

/** How long an answer to a body that is too large waits for the rest of it: who is still sending would not read the answer else. */
const LINGER = 1000;

/** Starts to listen. @throws what the dialect makes of a port that cannot be had */
export async function listen({ routes, limits, dialect, metrics, onFailure }: HttpServerOptions): Promise<HttpServer> {
  let isStopping = false;
  let connections = 0;
  const answering = new WeakMap<Duplex, ServerResponse>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    let route = 'none';
    answering.set(request.socket, response);
    const lost = new AbortController();
    response.once('close', () => {
      metrics.request(route, response.statusCode, (performance.now() - started) / 1000);
      if (!response.writableFinished) lost.abort(dialect.refuse('HTTP', 'the connection was lost'));
    });
    try {
      const [path = '', query = ''] = (request.url ?? '').split('?', 2);
      const found = findRoute(routes, request.method ?? '', path, dialect);
      route = found.path;
      const body = found.method === 'POST' ? await bodyOf(request) : undefined;
      const wantsEvents = request.headers.accept?.includes('text/event-stream') === true;
      const answer = await found.handle({ body, query: new URLSearchParams(query), wantsEvents, signal: lost.signal });
      await send(response, answer);
    } catch (error) {
      // a connection that was lost, or on which the client was told already that it was too slow
      if (response.headersSent || request.socket.writableEnded || request.socket.destroyed) response.destroy();
      else await refuse(request, response, refusalOf(error));
    }
  }

  function bodyOf(request: IncomingMessage): Promise<unknown> {
    requireJson(request, dialect);
    return readBody(request, limits.bodyBytes, dialect);
  }

  /** What whoever asked is told of an error; whatever is not theirs is told to the log alone. */
  function refusalOf(error: unknown): RefusedRequest {
    if (error instanceof RefusedRequest) return error;
    onFailure(error);
    return dialect.refuse('INTERNAL', 'the server failed', { remedy: 'ask its operator: its log says why' });
  }

  async function send(response: ServerResponse, answer: Answer): Promise<void> {
    if (answer.kind === 'events') return sendEvents(response, answer.events, (error) => dialect.body(refusalOf(error)));
    if (answer.kind === 'json') return write(response, answer.status ?? 200, JSON_TYPE, JSON.stringify(answer.value), answer.headers);
    write(response, 200, answer.type, answer.text, answer.headers);
  }

  function write(
    response: ServerResponse,
    status: number,
    type: string,
    text: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    begin(response, status, type, text, { ...(isStopping ? { connection: 'close' } : {}), ...headers });
    response.end(text);
  }

  /** Status and headers of a text. */
  function begin(response: ServerResponse, status: number, type: string, text: string, headers: Readonly<Record<string, string>>): void {
    response.writeHead(status, { ...COMMON_HEADERS, 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers });
  }

  async function refuse(request: IncomingMessage, response: ServerResponse, error: RefusedRequest): Promise<void> {
    const text = JSON.stringify(dialect.body(error));
    if (request.complete || request.method !== 'POST') return write(response, error.status, JSON_TYPE, text, error.headers);
    begin(response, error.status, JSON_TYPE, text, { connection: 'close', ...error.headers });
    response.write(text);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LINGER);
      request.once('close', () => (clearTimeout(timer), resolve()));
      request.once('end', () => (clearTimeout(timer), resolve()));
      request.resume();
    });
    response.end();
  }

  const interval = Math.min(1000, Math.max(50, 250 * Math.min(limits.headerSeconds, limits.bodySeconds)));
  const server = createServer(
    { connectionsCheckingInterval: interval, keepAlive: true, noDelay: true },
    (request, response) => void handle(request, response),
  );
  server.headersTimeout = 1000 * limits.headerSeconds;
  server.requestTimeout = 1000 * Math.max(limits.headerSeconds, limits.bodySeconds);
  server.keepAliveTimeout = 1000 * limits.idleSeconds;
  server.maxConnections = limits.connections;
  server.on('drop', () => metrics.dropped());
  server.on('connection', (socket: Socket) => {
    connections += 1;
    socket.once('close', () => (connections -= 1));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    answerClientError(error, socket, answering.get(socket)?.headersSent === true, dialect),
  );
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    try {
      requireSize(request, limits.bodyBytes, dialect);
      response.writeContinue();
    } catch {
      // the handler refuses it before the body is sent
    }
    void handle(request, response);
  });
  await bind(server, limits, dialect);
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get isStopping() {
      return isStopping;
    },
    stop() {
      isStopping = true;
      return new Promise((resolve) => {
        let isWhole = true;
        const timer = setTimeout(() => {
          isWhole = false;
          server.closeAllConnections();
        }, 1000 * limits.graceSeconds);
        server.close(() => {
          clearTimeout(timer);
          resolve(isWhole);
        });
        server.closeIdleConnections();
      });
    },
  };
}

function bind(server: Server, { host, port }: HttpLimits, { portError }: HttpDialect): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        portError(taken ? 'another program listens there' : `nothing can listen there (${cause.code ?? cause.message})`, {
          where: `${host}:${port}`,
          remedy: taken ? 'end it, or choose another --port (0 takes a free one)' : 'choose another --host or --port',
          cause,
          wrongUse: true,
        }),
      );
    });
    server.listen(port, host, () => resolve());
  });
}
