// A real Redis on loopback, in a folder of its own.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { freePort } from '@expctr/core/node';

/** A Redis that was started. */
export interface RedisServer {
  readonly url: string;
  readonly version: string;
  /** Ends it. */
  readonly stop: () => void;
}

/** What `redis-server --version` says, null where there is none. */
export function redisVersion(program: string): string | null {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/v=(\S+)/u.exec(stdout)?.[1] ?? 'of an unknown version') : null;
}

/** Starts Redis on a free port. @param policy its maxmemory-policy */
export async function startRedis(program: string, folder: string, policy: string): Promise<RedisServer> {
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no', 'maxmemory-policy': policy };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await ready(server);
  return { url: `redis://127.0.0.1:${port}`, version: redisVersion(program) ?? '', stop: () => void server.kill() };
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    server.stdout?.on('data', (text: Buffer) => {
      if (text.toString().includes('Ready to accept connections')) resolve();
    });
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
    server.once('error', reject);
  });
}
