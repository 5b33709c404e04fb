import { expect } from 'vitest';

/** Matches a FormatError with this code whose message holds the parts in this order. */
export function failure(code: string, ...parts: readonly string[]): Error {
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*');
  return expect.objectContaining({ name: 'FormatError', code, message: expect.stringMatching(new RegExp(pattern)) as string }) as Error;
}
