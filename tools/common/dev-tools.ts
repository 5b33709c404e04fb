// The few commands of Chromium's DevTools protocol that a page is looked at with, over the web socket that Chromium names when it starts.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';

/** A page in a browser. */
export interface DevTools {
  /** Opens an address and waits until it is loaded. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page; promises are awaited. @throws what it throws */
  evaluate<T>(expression: string): Promise<T>;
  /** The page as PNG. */
  screenshot(): Promise<Buffer>;
  /** Errors and warnings of the page so far: exceptions, what its content security policy forbade. */
  complaints(): readonly string[];
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Takes hold of a browser that was started with `--remote-debugging-port=0`. */
export async function connectDevTools(browser: ChildProcess): Promise<DevTools> {
  const address = await debuggerAddress(browser);
  const { host } = new URL(address);
  const pages = (await (await fetch(`http://${host}/json/list`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
  const socket = await openWebSocket(pages.find(({ type }) => type === 'page')!.webSocketDebuggerUrl);
  const waiting = new Map<number, { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }>();
  const complaints: string[] = [];
  let loaded: () => void = () => undefined;
  let next = 0;
  socket.onText((text) => {
    const { id, method, params, result, error } = JSON.parse(text) as Message;
    if (id !== undefined) {
      const { resolve, reject } = waiting.get(id)!;
      waiting.delete(id);
      if (error === undefined) resolve(result ?? {});
      else reject(new Error(error.message));
    }
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params?.['exceptionDetails']).slice(0, 500));
    if (method === 'Log.entryAdded') {
      const { level, text: said, url = '' } = params?.['entry'] as { level: string; text: string; url?: string };
      if (level === 'error' && !url.endsWith('/favicon.ico') && !url.endsWith('/v1/explain')) complaints.push(`${said} ${url}`);
    }
  });
  const send = (method: string, params: object = {}): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      waiting.set((next += 1), { resolve, reject });
      socket.sendText(JSON.stringify({ id: next, method, params }));
    });
  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`);
  return {
    async open(url) {
      const done = new Promise<void>((resolve) => (loaded = resolve));
      await send('Page.navigate', { url });
      await done;
    },
    async evaluate<T>(expression: string): Promise<T> {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails).slice(0, 500));
      return (result as { value: T }).value;
    },
    async screenshot() {
      const { data } = await send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
      return Buffer.from(String(data), 'base64');
    },
    complaints: () => complaints,
  };
}

/** What Chromium says on standard error once it listens. */
function debuggerAddress(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    browser.stderr!.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      const address = /DevTools listening on (ws:\S+)/u.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    browser.once('error', (cause) => reject(new Error(`Chromium cannot be started: ${cause.message}`)));
    browser.once('exit', (code) => reject(new Error(`Chromium ended with ${code}: ${said.slice(-500)}`)));
  });
}

interface WebSocketText {
  sendText(text: string): void;
  onText(hear: (text: string) => void): void;
}

/** A client of web sockets (RFC 6455) that sends and hears texts: Node 20 brings none. */
async function openWebSocket(address: string): Promise<WebSocketText> {
  const { hostname, port, pathname } = new URL(address);
  const socket: Socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  let hear: (text: string) => void = () => undefined;
  let received: Buffer = Buffer.alloc(0);
  let text = '';
  let isOpen = false;
  const opened = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (!isOpen) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        received = received.subarray(end + 4);
        isOpen = true;
        resolve();
      }
      for (let frame = firstFrame(received); frame !== null; frame = firstFrame(received)) {
        received = received.subarray(frame.length);
        text += frame.payload.toString('utf8');
        if (!frame.isLast) continue;
        hear(text);
        text = '';
      }
    });
  });
  await opened;
  return { onText: (then) => (hear = then), sendText: (message) => socket.write(textFrame(message)) };
}

/** The first whole frame of what a server sent, which is not masked. */
function firstFrame(bytes: Buffer): { isLast: boolean; payload: Buffer; length: number } | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]! & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < head) return null;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < head + size) return null;
  return { isLast: (bytes[0]! & 0x80) !== 0, payload: bytes.subarray(head, head + size), length: head + size };
}

/** A text as a client sends it: masked. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? [0x81, 0x80 | payload.length] : [0x81, 0xfe, payload.length >> 8, payload.length & 0xff];
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(head), mask, payload.map((byte, at) => byte ^ mask[at % 4]!)]);
}
