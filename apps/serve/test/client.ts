import { connect } from 'node:net';

/** An answer. */
export interface Answered<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly value: T;
}

/** Asks for JSON, by POST where there is a body. A text is sent as it is. */
export async function ask<T = Record<string, unknown>>(url: string, path: string, body?: unknown): Promise<Answered<T>> {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) };
  const answer = await fetch(`${url}${path}`, init);
  return { status: answer.status, headers: answer.headers, value: (await answer.json()) as T };
}

/** The error of an answer as `status code where`. */
export function refusal({ status, value }: Answered): string {
  const { code, where } = (value as { error: { code: string; where?: string } }).error;
  return [status, code, ...(where === undefined ? [] : [where])].join(' ');
}

/** Sends bytes, some of them later, and gives back all that comes until the connection is closed. */
export async function sendBytes(url: string, ...parts: readonly (string | { readonly wait: number })[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  socket.on('error', () => undefined); // a server may hang up
  for (const part of parts) {
    if (typeof part === 'string') socket.write(part);
    else await new Promise((resolve) => setTimeout(resolve, part.wait));
  }
  await closed;
  return text;
}

/** Events of an answer. */
export async function askEvents(url: string, path: string, body: unknown): Promise<{ event: string; data: Record<string, unknown> }[]> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await answer.text())
    .split('\n\n')
    .filter((text) => text !== '')
    .map((text) => {
      const [event, data] = text.split('\n').map((line) => line.slice(line.indexOf(': ') + 2));
      return { event: event!, data: JSON.parse(data!) as Record<string, unknown> };
    });
}
