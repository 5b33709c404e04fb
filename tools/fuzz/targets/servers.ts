import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createRng, ExpctrError } from '@expctr/core';
import { buildFeatures, fitCtr } from '@expctr/ctr-models';
import { readDataset } from '@expctr/data';
import { runFolder } from '@expctr/run';
import { serveRun } from '@expctr/serve';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { firstAnswer, openConnection, postBytes, type HttpAnswer, type HttpConnection } from '../../common/http-connection.js';
import { promise, type Files, type Target } from '../target.js';
import { writeExplanations } from './explanations.js';
import { preparedFiles } from './tables.js';

/** A request that the server refused, as it is right. */
class Refused extends ExpctrError {}

/** What of an answer would tell of the machine. */
const TELLS = /node:|\.[jt]s[:)"]|\bat [\w.]+ \(|\/tmp\/|expctr-fuzz/u;

let url: string | null = null;
let connection: HttpConnection | null = null;

/** A server of a small run, started once; it ends with the process. */
async function served(folder: string): Promise<string> {
  if (url !== null) return url;
  await useOnnx();
  await preparedFiles(join(folder, 'run'));
  const run = runFolder(join(folder, 'run'));
  writeFileSync(run.config, JSON.stringify({ dataset: 'generated', seed: 1, encoder: { model: 'hashed:4' } }));
  const { interactions, items } = await readDataset(run.data);
  const rows = interactions.interactionId;
  const data = Float32Array.from({ length: 4 * rows.length }, (_, k) => Math.sin(k));
  await writeExplanations(run.explanations('final'), rows);
  const features = buildFeatures({
    interactions,
    items,
    fitRows: rows,
    evidence: true,
    events: true,
    vectors: { z: { data, dimension: 4, interactionIds: rows } },
  });
  const model = await fitCtr({
    backbone: 'din',
    train: features,
    options: { epochs: 1, embeddingDimension: 4, batchSize: 64, hidden: [4], attentionUnits: 4 },
    rng: createRng(1),
  });
  await model.save(run.ctr);
  await model.dispose();
  const server = await serveRun(run.root, { port: 0, headerSeconds: 1, bodySeconds: 1, bodyBytes: 65_536 });
  url = server.url;
  return url;
}

const HISTORY = [
  { item: 'i1', item_tags: ['x'], label: '1' },
  { item: 'i2', item_tags: ['x', 'y'], label: '0' },
];
const BODIES: Readonly<Record<string, unknown>> = {
  'predict.json': {
    rows: [
      { user: 'u1', item: 'i3' },
      {
        user: { id: 'new', history: [{ item: { title: 'T', attributes: { tags: ['x'] } }, liked: true }] },
        item: { id: 'i1', year: 1999, numbers: {} },
      },
      {
        features: {
          ...{ user: 'u1', item: 'i3', item_tags: ['x'], history_liked: ['i1'], history_disliked: ['i2'], history: HISTORY },
          ...{ evidence_tags: 0.5, evidence_tags_liked: 1, evidence_tags_disliked: 0, evidence_rate: -1, z: [0.5, 0, -1, 2] },
        },
      },
    ],
    explanation: 'when-known',
  },
  'explain.json': { user: 'u2', item: 'i4', source: 'any', stream: false },
};

/** Holds an answer against what every answer promises. @throws Refused where the request was refused, as it may be */
function checked(answer: HttpAnswer): void {
  const { status, body } = answer;
  promise(
    status === 200 || (status >= 400 && status < 500),
    `a status says whose fault it is, and the server is at none: ${status} ${body}`,
  );
  promise(!TELLS.test(body), `an answer tells nothing of the machine: ${body}`);
  if (status === 200) return;
  const { error } = JSON.parse(body) as { error: { code: string; what: string } };
  promise(/^SERVE_[A-Z_]+$/u.test(error.code) && error.what !== '', 'a refusal has a code and a reason');
  throw new Refused(error.code, error.what);
}

function checkProbabilities(body: string): void {
  const { probabilities, prediction } = JSON.parse(body) as { probabilities?: unknown[]; prediction?: Record<string, unknown> };
  const all = probabilities ?? Object.values(prediction ?? {});
  promise(
    all.every((p) => typeof p === 'number' && p >= 0 && p <= 1),
    'a prediction is a probability',
  );
}

/** Requests to a server, whole ones with other bodies and bytes that are hardly any. */
export const serversTargets: readonly Target[] = [
  {
    name: 'serve',
    description: 'bodies of requests to a server, on one connection',
    async samples(folder) {
      await served(folder);
      return Object.entries(BODIES).map(([name, body]): Files => ({ [name]: Buffer.from(JSON.stringify(body)) }));
    },
    async read(folder) {
      for (const name of Object.keys(BODIES)) {
        let body: Uint8Array;
        try {
          body = readFileSync(join(folder, name));
        } catch {
          continue; // the other one
        }
        if (connection === null || connection.isClosed) connection = await openConnection(url!);
        const answer = await connection.exchange(postBytes(`/v1/${name.replace('.json', '')}`, body));
        if (/^[^]*"stream": ?true/u.test(Buffer.from(body).toString('latin1'))) connection.close(); // events have no length
        if (answer.status === 200 && answer.body !== '') checkProbabilities(answer.body);
        checked(answer);
      }
    },
  },
  {
    name: 'serve-http',
    description: 'bytes that a server is sent, each time on a connection of its own',
    async samples(folder) {
      await served(folder);
      const [predict, explain] = Object.entries(BODIES).map(([name, body]) =>
        postBytes(`/v1/${name.replace('.json', '')}`, Buffer.from(JSON.stringify(body))),
      );
      const get = Buffer.from(
        'GET /v1/items?user=u1&search=t&limit=3 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n',
      );
      const chunked =
        'POST /v1/explain HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n17\r\n{"user":"u1","item":"i1\r\n2\r\n"}\r\n0\r\n\r\n';
      return [predict!, explain!, get, Buffer.from(chunked)].map((bytes): Files => ({ 'request.http': bytes }));
    },
    async read(folder) {
      const answers = await sent(readFileSync(join(folder, 'request.http')));
      for (let rest = answers; ;) {
        const answer = firstAnswer(rest);
        if (answer === null) return;
        if (answer.status >= 200 && answer.body !== '' && !answer.body.startsWith('event:')) checked(answer);
        rest = rest.subarray(answer.length);
      }
    },
  },
];

/** Everything that comes back for some bytes until the server hangs up, which it does when it has answered what was sent. */
function sent(bytes: Uint8Array): Promise<Buffer> {
  const { hostname, port } = new URL(url!);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}
