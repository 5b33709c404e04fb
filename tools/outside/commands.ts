// What the outside check runs, and what it makes of it.
import { spawnSync } from 'node:child_process';

/** How a command ended, and all that it printed. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
}

/** onnxruntime-node fetches CUDA libraries when it is installed, and fails where their host is out of reach. */
export const npmEnvironment = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', NODE_OPTIONS: '' };

/** Runs a command to its end. */
export function command(file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = npmEnvironment): Outcome {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { status: status ?? 1, output: `${stdout}${stderr}` };
}

/** Runs npm; ends the process with its output where it fails. @returns what it printed on standard output */
export function npm(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, env: npmEnvironment, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  process.stderr.write(`npm ${args.join(' ')} failed\n${stdout}${stderr}`);
  process.exit(1);
}

let failed = 0;

/** Prints whether something holds, and what was printed where it does not. */
export function check(what: string, { status, output }: Outcome): void {
  process.stdout.write(`  ${status === 0 ? 'ok' : 'FAILED'}  ${what}\n`);
  if (status === 0) return;
  failed += 1;
  process.stdout.write(`${output.trimEnd().split('\n').slice(-30).join('\n')}\n`);
}

/** Checks that did not hold. */
export function failures(): number {
  return failed;
}
