// One connection to an HTTP server that is kept open, with nothing between the bytes and whoever sends them: a client that costs little, for
// benchmarks, and that sends what no client would, for fuzzing.
import { connect, type Socket } from 'node:net';

/** An answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** A connection on which requests are sent one after the other. */
export interface HttpConnection {
  /** Sends the bytes of a request and waits for its answer. @throws where the server hangs up before it */
  exchange(request: Uint8Array): Promise<HttpAnswer>;
  /** Whether the server has hung up, or said that it will. */
  readonly isClosed: boolean;
  close(): void;
}

/** The bytes of a POST of JSON. */
export function postBytes(path: string, body: Uint8Array): Uint8Array {
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Connects to the server at an address such as `http://127.0.0.1:8080`. */
export async function openConnection(url: string): Promise<HttpConnection> {
  const { hostname, port } = new URL(url);
  const socket = await connected(Number(port), hostname);
  let received: Buffer = Buffer.alloc(0);
  let waiting: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | null = null;
  let isClosed = false;
  socket.on('data', (bytes: Buffer) => {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    const answer = firstAnswer(received);
    if (answer === null || waiting === null) return;
    received = received.subarray(answer.length);
    const { resolve } = waiting;
    waiting = null;
    isClosed = answer.isLast;
    resolve(answer);
  });
  socket.on('error', () => undefined); // followed by close
  socket.on('close', () => {
    isClosed = true;
    waiting?.reject(new Error('the server hung up'));
  });
  return {
    get isClosed() {
      return isClosed;
    },
    exchange: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close() {
      isClosed = true;
      socket.destroy();
    },
  };
}

function connected(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** The first whole answer of some bytes, and how many of them it takes; null where it is not whole. Answers say how long they are. */
export function firstAnswer(bytes: Buffer): (HttpAnswer & { readonly length: number; readonly isLast: boolean }) | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.toString('latin1', 0, end);
  const length = end + 4 + Number(/\r\ncontent-length: (\d+)/iu.exec(head)?.[1] ?? 0);
  if (bytes.length < length) return null;
  return {
    status: Number(head.slice(9, 12)),
    body: bytes.toString('utf8', end + 4, length),
    length,
    isLast: /\r\nconnection: close/iu.test(head),
  };
}
