import type { ServerResponse } from 'node:http';
import { COMMON_HEADERS, RawData, type ServerEvent } from './answer.js';

/**
 * Answers with server-sent events. What fails before the first is thrown, so that it can be answered with a status of its own; what fails
 * later is an event `error`.
 * @param failed what to tell of an error
 */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<ServerEvent>,
  failed: (error: unknown) => unknown,
): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  let next = await iterator.next();
  response.writeHead(200, { ...COMMON_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  try {
    while (next.done !== true && !response.destroyed) {
      await write(response, next.value);
      next = await iterator.next();
    }
  } catch (error) {
    await write(response, { event: 'error', data: failed(error) });
  } finally {
    await iterator.return?.(undefined);
    response.end();
  }
}

/** Writes an event, and waits where the client does not read. */
async function write(response: ServerResponse, { event, data }: ServerEvent): Promise<void> {
  const name = event === undefined ? '' : `event: ${event}\n`;
  const text = data instanceof RawData ? data.text : JSON.stringify(data);
  if (response.destroyed || response.write(`${name}data: ${text}\n\n`)) return;
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
