import type { ServerResponse } from 'node:http';
import { COMMON_HEADERS } from './answer.js';

/**
 * Answers with server-sent events. What fails before the first is thrown, so that it can be answered with a status of its own; what fails
 * later is an event `error`.
 * @param failed what to tell of an error
 */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<{ readonly event: string; readonly data: unknown }>,
  failed: (error: unknown) => unknown,
): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  let next = await iterator.next();
  response.writeHead(200, { ...COMMON_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  try {
    while (next.done !== true && !response.destroyed) {
      await write(response, next.value.event, next.value.data);
      next = await iterator.next();
    }
  } catch (error) {
    await write(response, 'error', failed(error));
  } finally {
    await iterator.return?.(undefined);
    response.end();
  }
}

/** Writes an event, and waits where the client does not read. */
async function write(response: ServerResponse, event: string, data: unknown): Promise<void> {
  if (response.destroyed || response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      response.off('drain', settle);
      response.off('close', settle);
      resolve();
    };
    response.once('drain', settle);
    response.once('close', settle);
  });
}
