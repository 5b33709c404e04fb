// Requests a second and their latency: expctr-serve beside FastAPI on uvicorn with Python's onnxruntime, both with the same model.onnx.
//
// usage: npm run bench -- serve [--clients 1,8,64] [--rows 1,16] [--warm 5000] [--seconds 3] [--rounds 3] [--ids 100000] [--python PYTHON]
//   --clients   clients at a time, each of which sends its next request when it has its answer
//   --rows      rows of a request
//   --warm      requests of each round that are not counted
//   --seconds   of each round after them; --rounds in turn, of which the median counts
//   --ids       values of each of 6 fields of the DeepFM that is served
//   --python    an interpreter with fastapi, uvicorn (with httptools and uvloop) and onnxruntime; without it ours runs alone
// `cpu` is the server's own processor time of a request, `model` the time in which ONNX Runtime computes a batch: no server is faster than it. Servers run one at a time in a process of their own and compute in one
// thread; the clients share the other cores. `nothing` is node:http that reads the request and answers: the limit of any server in Node. The largest difference between their probabilities is printed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { freePort } from '@expctr/core/node';
import { encodeFeatures, fitCtr, type FeatureSchema, type RawCategorical } from '@expctr/ctr-models';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { openConnection, postBytes } from '../common/http-connection.js';
import { inTurn, median, processor } from '../common/measure.js';
import { startServer, type StartedServer } from './serve-process.js';

const FIELDS = 6;

const { values } = toolArguments({
  clients: { type: 'string', default: '1,8,64' },
  rows: { type: 'string', default: '1,16' },
  warm: { type: 'string', default: '5000' },
  seconds: { type: 'string', default: '3' },
  rounds: { type: 'string', default: '3' },
  ids: { type: 'string', default: '100000' },
  python: { type: 'string' },
});
const numbers = (option: string, text: string): number[] => text.split(',').map((each) => wholeNumber(option, each));
const clients = numbers('--clients', values.clients);
const sizes = numbers('--rows', values.rows);
const warm = wholeNumber('--warm', values.warm);
const seconds = wholeNumber('--seconds', values.seconds);
const rounds = wholeNumber('--rounds', values.rounds);
const ids = wholeNumber('--ids', values.ids, 100);
if (Math.max(...clients) > 1000) wrongUse('--clients wants at most 1000');

/** A DeepFM that was hardly fitted: how fast it answers does not depend on what it says. */
async function saveModel(folder: string): Promise<void> {
  const rng = createRng('bench');
  const names = Array.from({ length: FIELDS }, (_, f) => `field${f}`);
  const vocabulary = Array.from({ length: ids }, (_, k) => `value${k}`);
  const schema: FeatureSchema = {
    version: 'features/1',
    tables: names.map((name) => ({ name, vocabulary })),
    features: names.map((name) => ({ kind: 'categorical', name, table: name })),
  };
  const column = (): RawCategorical => ({
    kind: 'categorical',
    codes: Int32Array.from({ length: 4096 }, () => rng.int(ids)),
    values: vocabulary,
  });
  const train = encodeFeatures({
    schema,
    columns: Object.fromEntries(names.map((name) => [name, column()])),
    labels: Uint8Array.from({ length: 4096 }, () => rng.int(2)),
  });
  const options = { epochs: 1, batchSize: 4096, embeddingDimension: 16, hidden: [400, 400, 400] };
  const model = await fitCtr({ backbone: 'deepfm', train, options, rng });
  await model.save(folder);
  await model.dispose();
}

/** Bodies of requests, more than one so that no cache helps, the same for both servers. */
function requestBodies(rows: number): Uint8Array[] {
  const rng = createRng(['requests', rows]);
  const features = (): object => Object.fromEntries(Array.from({ length: FIELDS }, (_, f) => [`field${f}`, `value${rng.int(ids)}`]));
  return Array.from({ length: 64 }, () =>
    Buffer.from(JSON.stringify({ rows: Array.from({ length: rows }, () => ({ features: features() })) })),
  );
}

/** What a server did in a round. */
interface Load {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of processor time of the server, a request: where other programs use the machine, too, it says more than the others. */
  readonly cpu: number;
  /** Milliseconds in which ONNX Runtime computed a batch; NaN where the server does not say it. */
  readonly model: number;
}

/** Requests that do not count, for a server that has just started is not yet as fast as it becomes; then `seconds` of those that do. */
async function load(
  { url, cpuMilliseconds }: Pick<StartedServer, 'url' | 'cpuMilliseconds'>,
  count: number,
  requests: readonly Uint8Array[],
): Promise<Load> {
  const latencies: number[] = [];
  let left = warm;
  let end = Infinity;
  let before = NaN;
  const client = async (first: number): Promise<void> => {
    const connection = await openConnection(url);
    for (let at = first; performance.now() < end; at += 1) {
      const counts = left <= 0;
      const started = performance.now();
      const { status, body } = await connection.exchange(requests[at % requests.length]!);
      if (status !== 200) throw new Error(`${status} ${body}`);
      if (counts) latencies.push(performance.now() - started);
      left -= 1;
      if (left !== 0) continue;
      end = performance.now() + 1000 * seconds;
      before = cpuMilliseconds();
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: count }, (_, k) => client(7 * k)));
  const cpu = (cpuMilliseconds() - before) / latencies.length;
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))]!;
  return {
    requestsPerSecond: latencies.length / seconds,
    p50: quantile(0.5),
    p99: quantile(0.99),
    cpu,
    model: await batchMilliseconds(url),
  };
}

/** What expctr-serve says of its batches. */
async function batchMilliseconds(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^expctr_serve_batch_seconds_${name} (.+)$`, 'mu').exec(text)?.[1] ?? NaN);
  return (1000 * value('sum')) / value('count');
}

/** One server at a time has the machine. */
async function withServer<T>(start: (port: number) => Promise<StartedServer>, use: (server: StartedServer) => Promise<T>): Promise<T> {
  const server = await start(await freePort());
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function probabilities(url: string, body: Uint8Array): Promise<number[]> {
  const answer = await fetch(`${url}/v1/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(body),
  });
  return ((await answer.json()) as { probabilities: number[] }).probabilities;
}

const figures = (loads: readonly Load[], rows: number): string => {
  const of = (pick: (load: Load) => number): number => median(loads.map(pick));
  const rate = of(({ requestsPerSecond }) => requestsPerSecond);
  const times = [of(({ p50 }) => p50), of(({ p99 }) => p99), of(({ cpu }) => cpu), of(({ model }) => model)].map((each) =>
    (Number.isNaN(each) ? '' : each.toFixed(2)).padStart(8),
  );
  return [rate.toFixed(0).padStart(7), (rate * rows).toFixed(0).padStart(8), ...times].join(' ');
};

await useOnnx();
const folder = await mkdtemp(join(tmpdir(), 'expctr-bench-serve-'));
try {
  await saveModel(folder);
  const servers: Record<string, (port: number) => Promise<StartedServer>> = {
    'expctr-serve': (port) => startServer({ port, model: folder }),
    ...(values.python === undefined ? {} : { FastAPI: (port: number) => startServer({ port, model: folder, python: values.python! }) }),
    nothing: (port) => startServer({ port, model: folder, nothing: true }),
  };
  console.log(processor());
  console.log(
    `DeepFM, ${FIELDS} fields of ${ids} values, 16 components, 3 layers of 400; ${rounds} rounds of ${seconds} s in turn, medians`,
  );
  const [body] = requestBodies(16);
  const predicting = Object.entries(servers).filter(([name]) => name !== 'nothing');
  const said = await inTurn(
    Object.fromEntries(predicting.map(([name, start]) => [name, () => withServer(start, ({ url }) => probabilities(url, body!))])),
    1,
  );
  const [ours = [], theirs] = Object.values(said).map(([first]) => first!);
  if (theirs !== undefined) {
    console.log(`largest difference of probabilities ${Math.max(...ours.map((p, k) => Math.abs(p - theirs[k]!))).toExponential(1)}`);
  }
  console.log(`clients rows ${'server'.padEnd(12)} requests/s   rows/s   p50 ms   p99 ms   cpu ms model ms`);
  for (const rows of sizes) {
    const requests = requestBodies(rows).map((each) => postBytes('/v1/predict', each));
    for (const count of clients) {
      const loads = await inTurn(
        Object.fromEntries(
          Object.entries(servers).map(([name, start]) => [name, () => withServer(start, (server) => load(server, count, requests))]),
        ),
        rounds,
      );
      for (const [name, all] of Object.entries(loads)) {
        console.log(`${String(count).padStart(7)} ${String(rows).padStart(4)} ${name.padEnd(12)}    ${figures(all, rows)}`);
      }
      const { 'expctr-serve': mine, FastAPI: other } = loads;
      if (other === undefined) continue;
      const ratio = median(mine!.map(({ requestsPerSecond }, k) => requestsPerSecond / other[k]!.requestsPerSecond));
      const tail = median(mine!.map(({ p99 }, k) => p99 / other[k]!.p99));
      console.log(`${' '.repeat(13)}throughput ${ratio.toFixed(2)} times, p99 ${tail.toFixed(2)} times`);
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
