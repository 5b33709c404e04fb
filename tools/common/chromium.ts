import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDevTools, type DevTools } from './dev-tools.js';

/** Runs work with a page of a real Chromium, which ends with it. @param size of the window in pixels @param flags beside those for a machine without a screen */
export async function withChromium<T>(
  command: string,
  size: readonly [width: number, height: number],
  work: (tools: DevTools) => Promise<T>,
  flags: readonly string[] = ['--disable-gpu'],
): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), 'expctr-page-'));
  const browser = spawn(
    command,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      `--window-size=${size.join(',')}`,
      ...flags,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  try {
    return await work(await connectDevTools(browser));
  } finally {
    const gone = new Promise((resolve) => browser.once('exit', resolve));
    browser.kill();
    await gone;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs an expression in the page until it gives something. @param seconds how long at most @throws Error that says what it waited for */
export async function until<T>(tools: DevTools, what: string, expression: string, seconds = 30): Promise<T> {
  for (let tries = 0; tries < seconds * 10; tries += 1) {
    const value = await tools.evaluate<T | null>(expression);
    if (value !== null && value !== undefined && (value as unknown) !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the page does not come to this: ${what}`);
}
