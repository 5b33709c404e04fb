import type { IncomingMessage } from 'node:http';
import { parseJson } from '@expctr/core';
import type { HttpDialect, RefusedRequest } from './refusal.js';

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** @throws RefusedRequest `TYPE` where a request says that its body is no JSON */
export function requireJson({ headers }: IncomingMessage, { refuse }: HttpDialect): void {
  const type = headers['content-type'];
  if (type === undefined || /^application\/(?:[\w.+-]*\+)?json\s*(?:;|$)/iu.test(type)) return;
  throw refuse('TYPE', 'the body is no JSON', {
    where: 'Content-Type',
    expected: 'application/json',
    remedy: 'send the header Content-Type: application/json',
  });
}

/** @throws RefusedRequest `BODY_SIZE` where a request announces more than `most` bytes */
export function requireSize({ headers }: IncomingMessage, most: number, dialect: HttpDialect): void {
  if (Number(headers['content-length'] ?? 0) > most) throw tooLarge(most, dialect);
}

/** The value of a body of JSON. @throws RefusedRequest `BODY_SIZE`, `JSON` */
export async function readBody(request: IncomingMessage, most: number, dialect: HttpDialect): Promise<unknown> {
  requireSize(request, most, dialect);
  const bytes = await readBytes(request, most, dialect);
  const malformed = (what: string): RefusedRequest =>
    dialect.refuse('JSON', what, {
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

function readBytes(request: IncomingMessage, most: number, dialect: HttpDialect): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > most) {
        request.removeAllListeners('data');
        reject(tooLarge(most, dialect));
      } else chunks.push(chunk);
    });
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once('error', () => reject(broken(dialect)));
    request.once('close', () => {
      if (!request.complete) reject(broken(dialect));
    });
  });
}

function tooLarge(most: number, { refuse }: HttpDialect): RefusedRequest {
  return refuse('BODY_SIZE', 'the body is too large', { expected: `at most ${most} bytes`, remedy: 'ask in parts' });
}

function broken({ refuse }: HttpDialect): RefusedRequest {
  return refuse('HTTP', 'the request ended before its body did');
}
