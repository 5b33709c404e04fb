import { checkOptions, concatenated, reasonOf, type OptionKeys } from '@expctr/core';
import { dirname, join, mkdir, readFile, stat, writeFile } from '@expctr/core/platform';
import { HubError } from './errors.js';
import type { ChooseFiles, FetchedModel } from './fetch-model.js';
import { fileUrl } from './file-url.js';
import type { ModelId } from './model-id.js';
import type { HubOptions } from './options.js';
import { parseListing } from './parse-listing.js';

/** What means something in a browser. */
type BrowserOptions = Pick<HubOptions, 'endpoint' | 'token' | 'signal' | 'onProgress' | 'fetch'>;
const KEYS: OptionKeys<BrowserOptions> = { endpoint: true, token: true, signal: true, onProgress: true, fetch: true };

/**
 * As `fetchModel` in Node, for a browser: the files go into memory, below `/hub`, and the browser's own cache keeps what it fetched.
 * @throws HubError `HUB_NOT_FOUND`, `HUB_UNREACHABLE`, `HUB_BAD_ANSWER`, `HUB_UNSAFE_NAME`, `HUB_FILE_MISSING`
 */
export async function fetchModel({ id, revision }: ModelId, choose: ChooseFiles, options: BrowserOptions = {}): Promise<FetchedModel> {
  checkOptions('fetchModel', options, KEYS);
  const { endpoint = 'https://huggingface.co', onProgress = () => undefined } = options;
  const url = `${endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}`;
  const answer = new TextDecoder().decode(await body(url, id, options, () => undefined));
  const { commit, entries } = parseListing(answer, url, { id, revision });
  const names = [...entries.keys()].sort();
  const folder = join('/hub', id, commit);
  const files = { model: id, names, read: (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined) };
  for (;;) {
    const wanted: string[] = [];
    for (const name of await choose(files)) if ((await stat(join(folder, name)).catch(() => null)) === null) wanted.push(name);
    if (wanted.length === 0) return { folder, id, commit };
    for (const name of wanted) {
      const path = join(folder, name);
      const content = await body(fileUrl({ endpoint }, id, commit, name), id, options, (bytes, total) => {
        onProgress({ model: id, file: name, bytes, total });
      });
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  }
}

async function body(
  url: string,
  id: string,
  { token, signal, fetch = globalThis.fetch }: BrowserOptions,
  arrived: (bytes: number, total: number) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    const response = await fetch(url, {
      ...(signal === undefined ? {} : { signal }),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    if (!response.ok) {
      throw new HubError('HUB_NOT_FOUND', `the server answers ${response.status}`, {
        where: `${id}: ${url}`,
        remedy: 'check the name; where the model is private or gated, give a token that may read it',
      });
    }
    const total = Number(response.headers.get('content-length') ?? 0);
    let bytes = 0;
    for (const reader = (response.body as ReadableStream<Uint8Array>).getReader(); ;) {
      const next = await reader.read();
      if (next.done) return concatenated(chunks);
      chunks.push(next.value);
      arrived((bytes += next.value.byteLength), total);
    }
  } catch (error) {
    if (error instanceof HubError) throw error;
    throw new HubError('HUB_UNREACHABLE', `${url} cannot be read (${reasonOf(error)})`, {
      where: id,
      remedy: 'check the connection, and that the server lets pages of another origin read it (CORS)',
      cause: error,
    });
  }
}
