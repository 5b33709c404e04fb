import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { COMMON_HEADERS, JSON_TYPE } from './answer.js';
import type { HttpDialect, RefusedRequest } from './refusal.js';

/**
 * Answers what never became a whole request: bytes that are no HTTP, headers without end, a client that takes its time.
 * @param isAnswering whether an answer is being written on that connection, into which nothing else may be written
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, isAnswering: boolean, dialect: HttpDialect): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code, dialect);
  const text = JSON.stringify(dialect.body(refusal));
  const headers = {
    ...COMMON_HEADERS,
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n${lines.join('')}\r\n${text}`);
}

function refusalOf(code: string | undefined, { refuse }: HttpDialect): RefusedRequest {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuse('SLOW', 'the request did not come in time', { remedy: 'send it without pauses' });
    case 'HPE_HEADER_OVERFLOW':
      return refuse('HEADERS', 'the headers are too large', { remedy: 'send fewer' });
    default:
      return refuse('HTTP', 'this is no HTTP request', { expected: 'HTTP/1.1' });
  }
}
