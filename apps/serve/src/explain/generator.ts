import { ChildDied, scriptBeside, startChild, type Child } from '@expctr/app-kit';
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
  { queue, most, onFailure, script = scriptBeside(import.meta.url, 'generator-process') }: GeneratorOptions,
): Promise<Generator> {
  let process = await start(root, script);
  let next = 0;

  async function run(jobs: readonly Job[]): Promise<WrittenPair[]> {
    if (process.hasEnded()) process = await start(root, script);
    const request = { type: 'explain', id: (next += 1), pairs: jobs.map(({ pair }) => pair) } as const;
    const answer = await answerOf(process, request, (at, text) => jobs[at]!.onText(text));
    if (answer.type === 'explained') return [...answer.texts];
    throw new ServeError('SERVE_GENERATOR', answer.type === 'failed' ? answer.message : 'it said something else');
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

type Answer = Exclude<GeneratorMessage, { type: 'text' }>;
type ModelProcess = Child<GeneratorRequest, GeneratorMessage>;

/** A process with the language model in it, loaded. @throws ServeError `SERVE_GENERATOR` */
async function start(root: string, script: URL): Promise<ModelProcess> {
  const child = startChild<GeneratorRequest, GeneratorMessage>(script);
  const opened = await answerOf(child, { type: 'open', root }, () => undefined);
  if (opened.type !== 'failed') return child;
  await child.end();
  throw new ServeError('SERVE_GENERATOR', `the language model of the run cannot be loaded: ${opened.message}`, { where: root });
}

/** @throws ServeError `SERVE_GENERATOR` where the process ends before it has answered */
async function answerOf(child: ModelProcess, request: GeneratorRequest, onText: (at: number, text: string) => void): Promise<Answer> {
  const isAnswer = (message: GeneratorMessage): message is Answer => message.type !== 'text';
  try {
    return await child.ask(request, isAnswer, ({ at, text }) => onText(at, text));
  } catch (cause) {
    if (!(cause instanceof ChildDied)) throw cause;
    const message = `the process of the language model ${cause.message}; ${reasonIn(cause.lastWords)}`;
    throw new ServeError('SERVE_GENERATOR', message, { cause });
  }
}

/** The line of a program's last words that says why it ended: the last that names an error, else the last. */
function reasonIn(words: string): string {
  const lines = words.split('\n');
  return (lines.findLast((line) => /error/iu.test(line)) ?? lines.at(-1) ?? '').trim();
}
