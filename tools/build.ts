// Builds what has changed, quietly, so that every npm script works right after `npm ci`.
import { spawnSync } from 'node:child_process';

/** Builds the Nx projects named, or all; ends the process with the build's output where it fails. */
export function build(...projects: readonly string[]): void {
  const selection = projects.length > 0 ? ['-p', ...projects] : [];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'build', ...selection, '--outputStyle=static'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    },
  );
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  process.exit(1);
}

/** Runs a script with this Node, and the flags given, and ends with its status. */
export function run(script: string, args: readonly string[], flags: readonly string[] = []): never {
  const { status } = spawnSync(process.execPath, [...flags, script, ...args], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
