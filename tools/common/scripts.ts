// Starting other scripts, and reading what they print.
import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A program with its first arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** The command of a script of the tools. It gets this process's own flags, so that its child too runs TypeScript and packages from source. */
export function scriptCommand(script: string, ...args: readonly string[]): Command {
  return [process.execPath, ...process.execArgv, script, ...args];
}

/** Runs a command to its end. @returns what it printed @throws where its status is not 0, with what it said on stderr */
export async function printed([program, ...first]: Command, ...args: readonly string[]): Promise<string> {
  const running = execute(program, [...first, ...args], { maxBuffer: 2 ** 24 });
  const { stdout } = await running.catch(({ code, stderr }: { readonly code: unknown; readonly stderr: string }) => {
    throw new Error(`${[program, ...first].join(' ')} ended with ${String(code)}\n${stderr}`);
  });
  return stdout;
}

/** The JSON in the last line of a text: what stands before it are messages of libraries. `T` is what the script says that it prints. */
export function lastJson<T>(text: string): T {
  return JSON.parse(text.trim().split('\n').at(-1)!) as T;
}

/** A process that answers a line with a line. */
export interface LineProcess {
  /** The next line that it prints; undefined where it has ended. */
  readonly next: () => Promise<string | undefined>;
  /** Sends a line, and waits for one. @throws where the process has ended */
  readonly ask: (line: string) => Promise<string>;
  /** Says that nothing more will be asked. */
  readonly close: () => void;
}

/** Starts a process that answers lines; its errors are shown unless `quiet`. */
export function startLines([program, ...args]: Command, { quiet = false } = {}): LineProcess {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(program, args, {
    stdio: ['pipe', 'pipe', quiet ? 'ignore' : 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => {
    const line = await lines.next();
    return line.done === true ? undefined : line.value;
  };
  return {
    next,
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const answer = await next();
      if (answer === undefined) throw new Error(`${program} ended while it ran ${line.slice(0, 200)}`);
      return answer;
    },
    close: () => child.stdin.end(),
  };
}
