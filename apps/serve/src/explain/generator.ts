import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createBatcher } from '../batching.js';
import { RequestError, ServeError } from '../errors.js';
import type { Pair } from '../pairs/pair.js';
import type { GeneratorMessage, GeneratorRequest, WrittenPair, WrittenText } from './messages.js';

/** The language model of a run. */
export interface Generator {
  /**
   * Explains a pair.
   * @param onText told of what was written so far
   * @throws RequestError `SERVE_BUSY`, `SERVE_GENERATOR`, `SERVE_REQUEST` for an item of which a prompt has no room
   */
  explain(pair: Pair, onText: (text: string) => void): Promise<WrittenText>;
  /** Ends its process, whatever it is doing. */
  close(): Promise<void>;
}

/** How much a generator takes on. */
export interface GeneratorOptions {
  /** Pairs that may wait. */
  readonly queue: number;
  /** Pairs that are explained at a time. */
  readonly most: number;
  /** Told why the language model explained nothing. */
  readonly onFailure: (error: unknown) => void;
  /** What its process runs. Default: the language model; another one for tests. */
  readonly script?: URL;
}

interface Job {
  readonly pair: Pair;
  readonly onText: (text: string) => void;
}

/** Starts the process of the language model and waits until it is loaded. @throws ServeError `SERVE_GENERATOR` */
export async function openGenerator(
  root: string,
  { queue, most, onFailure, script = processFile() }: GeneratorOptions,
): Promise<Generator> {
  let process = await start(root, script);
  let next = 0;

  async function run(jobs: readonly Job[]): Promise<WrittenPair[]> {
    if (process.hasEnded()) process = await start(root, script);
    return process.ask({ type: 'explain', id: (next += 1), pairs: jobs.map(({ pair }) => pair) }, (at, text) => jobs[at]!.onText(text));
  }

  const batcher = createBatcher<Job, WrittenPair>({
    run: (jobs) =>
      run(jobs).catch((cause: unknown) => {
        onFailure(cause);
        throw new RequestError('SERVE_GENERATOR', 'the language model could not explain this', {
          remedy: 'ask again; the log of the server says why',
        });
      }),
    most,
    wait: 0,
    queue,
    full: (seconds) =>
      new RequestError('SERVE_BUSY', 'too many pairs wait to be explained', { remedy: 'ask again later', retryAfter: seconds }),
  });
  return {
    async explain(pair, onText) {
      const [written] = await batcher.submit([{ pair, onText }]);
      if (written !== null && written !== undefined) return written;
      throw new RequestError('SERVE_REQUEST', 'the item does not fit into a prompt of the language model', {
        where: 'item',
        remedy: 'shorten its title or its attributes',
      });
    },
    close: () => process.end(),
  };
}

/** A process with a language model in it. */
interface ModelProcess {
  ask(request: Extract<GeneratorRequest, { type: 'explain' }>, onText: (at: number, text: string) => void): Promise<WrittenPair[]>;
  hasEnded(): boolean;
  end(): Promise<void>;
}

/** Kept for the message where the process dies with something to say. */
const LAST_WORDS = 2000;

async function start(root: string, script: URL): Promise<ModelProcess> {
  const child = fork(fileURLToPath(script), [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
  let words = '';
  child.stderr?.on('data', (text: Buffer) => (words = (words + text.toString()).slice(-LAST_WORDS)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const opened = await answered(
    child,
    { type: 'open', root },
    () => words,
    () => undefined,
  );
  if (opened.type === 'failed') {
    child.kill('SIGKILL');
    await ended;
    throw new ServeError('SERVE_GENERATOR', `the language model of the run cannot be loaded: ${opened.message}`, { where: root });
  }
  return {
    hasEnded,
    async ask(request, onText) {
      const message = await answered(child, request, () => words, onText);
      if (message.type === 'explained') return [...message.texts];
      throw new ServeError('SERVE_GENERATOR', message.type === 'failed' ? message.message : 'it said something else');
    },
    async end() {
      if (!hasEnded()) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The answer to a request. Requests come one at a time. @throws ServeError `SERVE_GENERATOR` where the process ends before it */
function answered(
  child: ChildProcess,
  request: GeneratorRequest,
  lastWords: () => string,
  onText: (at: number, text: string) => void,
): Promise<Exclude<GeneratorMessage, { type: 'text' }>> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      child.off('message', hear);
      child.off('exit', died);
      child.off('error', reject);
    };
    const hear = (message: GeneratorMessage): void => {
      if (message.type === 'text') return onText(message.at, message.text);
      settle();
      resolve(message);
    };
    const died = (code: number | null, signal: string | null): void => {
      settle();
      const how = signal === null ? `with status ${code}` : `by ${signal}`;
      reject(new ServeError('SERVE_GENERATOR', `the process of the language model was ended ${how}; ${reasonIn(lastWords())}`));
    };
    child.on('message', hear);
    child.once('exit', died);
    child.once('error', reject);
    child.send(request);
  });
}

/** The line of a program's last words that says why it ended: the last that names an error, else the last. */
function reasonIn(words: string): string {
  const lines = words.trim().split('\n');
  return (lines.findLast((line) => /error/iu.test(line)) ?? lines.at(-1) ?? '').trim();
}

/** The same file as source and as built. */
function processFile(): URL {
  return new URL(`./generator-process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}
