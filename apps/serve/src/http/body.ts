import type { IncomingMessage } from 'node:http';
import { parseJson } from '@expctr/core';
import { RequestError } from '../errors.js';

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** @throws RequestError `SERVE_TYPE` where a request says that its body is no JSON */
export function requireJson({ headers }: IncomingMessage): void {
  const type = headers['content-type'];
  if (type === undefined || /^application\/(?:[\w.+-]*\+)?json\s*(?:;|$)/iu.test(type)) return;
  throw new RequestError('SERVE_TYPE', 'the body is no JSON', {
    where: 'Content-Type',
    expected: 'application/json',
    remedy: 'send the header Content-Type: application/json',
  });
}

/** @throws RequestError `SERVE_BODY_SIZE` where a request announces more than `most` bytes */
export function requireSize({ headers }: IncomingMessage, most: number): void {
  if (Number(headers['content-length'] ?? 0) > most) throw tooLarge(most);
}

/** The value of a body of JSON. @throws RequestError `SERVE_BODY_SIZE`, `SERVE_JSON` */
export async function readBody(request: IncomingMessage, most: number): Promise<unknown> {
  requireSize(request, most);
  const bytes = await readBytes(request, most);
  const malformed = (what: string): RequestError =>
    new RequestError('SERVE_JSON', what, {
      where: 'the body',
      expected: 'one JSON object',
      remedy: 'correct it; GET /openapi.json says its form',
    });
  if (bytes.length === 0) throw malformed('it is empty');
  let text: string;
  try {
    text = DECODER.decode(bytes);
  } catch {
    throw malformed('it is not UTF-8');
  }
  try {
    return parseJson(text);
  } catch (error) {
    // what V8 says of a syntax error quotes the text: its place alone is told
    const at = /position \d+/u.exec((error as Error).message)?.[0];
    throw malformed(`it is no JSON${at === undefined ? '' : `, at ${at}`}`);
  }
}

function readBytes(request: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > most) {
        request.removeAllListeners('data');
        reject(tooLarge(most));
      } else chunks.push(chunk);
    });
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once('error', () => reject(broken()));
    request.once('close', () => {
      if (!request.complete) reject(broken());
    });
  });
}

function tooLarge(most: number): RequestError {
  return new RequestError('SERVE_BODY_SIZE', 'the body is too large', { expected: `at most ${most} bytes`, remedy: 'ask in parts' });
}

function broken(): RequestError {
  return new RequestError('SERVE_HTTP', 'the request ended before its body did');
}
