import { afterEach, beforeEach, vi } from 'vitest';

/** What the program under test writes to the terminal, in each test of the file or block that calls this. */
export function capturedTerminal(): { said: string } {
  const terminal = { said: '' };
  const collect = (text: unknown): boolean => {
    terminal.said += String(text);
    return true;
  };
  beforeEach(() => {
    terminal.said = '';
    vi.spyOn(process.stderr, 'write').mockImplementation(collect);
    vi.spyOn(process.stdout, 'write').mockImplementation(collect);
  });
  afterEach(() => vi.restoreAllMocks());
  return terminal;
}
