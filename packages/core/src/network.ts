/** What `Retry-After` says, in milliseconds: a number of seconds, or a date. @returns undefined where it says nothing that can be read */
export function retryAfter(header: string | null): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** What the system says at the bottom of a chain of causes, such as `getaddrinfo ENOTFOUND huggingface.co`. */
export function reasonOf(error: unknown): string {
  const { cause, errors, message, code } = error as { cause?: unknown; errors?: unknown[]; message?: string; code?: string };
  const deeper = cause ?? errors?.[0];
  if (deeper !== undefined && deeper !== null) return reasonOf(deeper);
  return message !== undefined && message !== '' ? message : (code ?? String(error));
}
