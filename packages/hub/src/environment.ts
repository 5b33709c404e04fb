import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { HubOptions } from './options.js';

/** Variables of a process, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The options that the variables of Python's huggingface_hub say: `HF_ENDPOINT`, `HF_HUB_CACHE` (also `HUGGINGFACE_HUB_CACHE`), else
 * `HF_HOME`, else `XDG_CACHE_HOME`; `HF_HUB_OFFLINE` (also `TRANSFORMERS_OFFLINE`); `HF_TOKEN` (also `HUGGING_FACE_HUB_TOKEN`), else
 * the file of `HF_TOKEN_PATH` or `token` in `HF_HOME`, which `hf auth login` writes, unless `HF_HUB_DISABLE_IMPLICIT_TOKEN` is set.
 *
 * @param env for an app, `process.env`
 */
export async function hubEnvironment(env: Environment): Promise<HubOptions> {
  const value = (...names: readonly string[]): string | undefined =>
    names.map((name) => env[name]?.trim()).find((text) => text !== undefined && text !== '');
  const path = (...names: readonly string[]): string | undefined => expand(value(...names), env);
  const home = path('HF_HOME') ?? join(path('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');
  const endpoint = value('HF_ENDPOINT');
  const asked = value('HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN');
  const kept = isTrue(value('HF_HUB_DISABLE_IMPLICIT_TOKEN')) ? undefined : await readToken(path('HF_TOKEN_PATH') ?? join(home, 'token'));
  const token = asked ?? kept;
  return {
    cacheDir: path('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub'),
    offline: isTrue(value('HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE')),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(token === undefined ? {} : { token }),
  };
}

/** As Python reads a switch. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'on', 'yes', 'true'].includes(value.toLowerCase());
}

/** `~` and `$NAME`, as Python expands them in paths. */
function expand(path: string | undefined, env: Environment): string | undefined {
  return path
    ?.replace(/^~(?=$|[\\/])/, () => homedir())
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, plain?: string) => env[braced ?? plain ?? ''] ?? whole);
}

async function readToken(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}
