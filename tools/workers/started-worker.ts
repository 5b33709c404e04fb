// A worker in a process group of its own, so that it can be stopped and killed together with the process that computes for it, as a
// machine is that goes to sleep or loses its power.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { scriptCommand } from '../common/scripts.js';

/** A worker under way. */
export interface StartedWorker {
  readonly name: string;
  readonly pid: number;
  /** Everything that it said. */
  readonly said: readonly string[];
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGINT' | 'SIGTERM'): void;
  /** Its status, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Starts `expctr-worker` with these arguments. @param tell is given each line that it says */
export function startWorker(name: string, args: readonly string[], tell: (line: string) => void): StartedWorker {
  const [program, ...first] = scriptCommand(join(import.meta.dirname, 'process.ts'), ...args);
  const child = spawn(program, first, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      tell(`${name}: ${line}`);
    });
  }
  const pid = child.pid!;
  return {
    name,
    pid,
    said,
    signal: (signal) => void process.kill(-pid, signal),
    ended: new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing'))),
  };
}
