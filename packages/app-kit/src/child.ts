import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of the program's own, of which one thing at a time is asked. */
export interface Child<Request, Message> {
  /**
   * @param isAnswer tells the message that answers from those that come before it
   * @param onOther is given those
   * @throws ChildDied where the process ends before it has answered
   */
  ask<Answer extends Message>(
    request: Request,
    isAnswer: (message: Message) => message is Answer,
    onOther: (message: Exclude<Message, Answer>) => void,
  ): Promise<Answer>;
  hasEnded(): boolean;
  /** Ends it, whatever it is doing. */
  end(): Promise<void>;
}

/** A process ended with a question unanswered. */
export class ChildDied extends Error {
  /** What ended it; null where it ended by itself. */
  readonly signal: NodeJS.Signals | null;
  /** What it wrote last on standard error. */
  readonly lastWords: string;

  constructor(code: number | null, signal: NodeJS.Signals | null, lastWords: string) {
    super(`was ended ${signal === null ? `with status ${code}` : `by ${signal}`}`);
    this.signal = signal;
    this.lastWords = lastWords;
  }
}

/** Kept for where a process dies with something to say, in characters. */
const LAST_WORDS = 2000;

/** Starts a process. @param script a file that answers messages; what it writes on standard output is dropped */
export function startChild<Request, Message>(script: URL): Child<Request, Message> {
  const child = fork(fileURLToPath(script), [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
  let words = '';
  child.stderr?.on('data', (text: Buffer) => (words = (words + text.toString()).slice(-LAST_WORDS)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    ask<Answer extends Message>(
      request: Request,
      isAnswer: (message: Message) => message is Answer,
      onOther: (message: Exclude<Message, Answer>) => void,
    ) {
      return new Promise<Answer>((resolve, reject) => {
        const settle = (): void => {
          child.off('message', hear);
          child.off('exit', died);
          child.off('error', reject);
        };
        const hear = (message: Message): void => {
          if (!isAnswer(message)) return onOther(message as Exclude<Message, Answer>);
          settle();
          resolve(message);
        };
        const died = (code: number | null, signal: NodeJS.Signals | null): void => {
          settle();
          reject(new ChildDied(code, signal, words.trim()));
        };
        child.on('message', hear);
        child.once('exit', died);
        child.once('error', reject);
        child.send(request as object);
      });
    },
    hasEnded,
    async end() {
      if (!hasEnded()) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A script beside a module, as source and as built. @param url of the module @param name without an ending */
export function scriptBeside(url: string, name: string): URL {
  return new URL(`./${name}.${url.endsWith('.ts') ? 'ts' : 'js'}`, url);
}
