// A server in a process of its own, for bench/serve.ts: ours from source, or its peer.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A server that answers. */
export interface StartedServer {
  readonly url: string;
  /** Processor time that it has taken so far, in milliseconds; NaN where the system does not tell. */
  readonly cpuMilliseconds: () => number;
  stop(): Promise<void>;
}

/** Which server, of which model. */
export interface ServerToStart {
  readonly port: number;
  /** Folder of a saved CTR model. */
  readonly model: string;
  /** Interpreter of the peer; ours without it. */
  readonly python?: string;
  /** A server that reads a request and computes nothing: no other in Node is faster. */
  readonly nothing?: boolean;
}

const ours = `import { main } from '@expctr/serve'; process.exitCode = await main(process.argv.slice(1));`;

const nothing = `
import { createServer } from 'node:http';
createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (chunks.length > 0) JSON.parse(Buffer.concat(chunks).toString());
    const answer = '{"probabilities":[0.5]}';
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
  });
}).listen(Number(process.argv[1]), '127.0.0.1');`;

/** Starts a server and waits until it answers. @throws what it says where it ends instead */
export async function startServer({ port, model, python, nothing: empty = false }: ServerToStart): Promise<StartedServer> {
  const [command, ...args] = empty
    ? [process.execPath, '--input-type=module', '--eval', nothing, String(port)]
    : python === undefined
      ? [
          process.execPath,
          ...process.execArgv,
          '--input-type=module',
          '--eval',
          ours,
          model,
          '--port',
          String(port),
          '--predictor',
          'expctr-aug',
        ]
      : [python, join(import.meta.dirname, 'serve_peer.py'), model, String(port)];
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: import.meta.dirname });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${said}`);
    const answers = await fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    cpuMilliseconds: () => cpuMilliseconds(child.pid),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** User and system time of a process; Linux counts them in hundredths of a second. */
function cpuMilliseconds(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return NaN;
  }
}
