import { join, resolve } from 'node:path';
import { EXIT, failWith, fileError, print, printableJson, printError } from '@expctr/core';
import { HubError, hubEnvironment } from '@expctr/hub';
import { createProgress, Interrupted } from '@expctr/trainer';
import { joinChunks } from './chunks/join.js';
import { runLocally } from './chunks/run-local.js';
import { commandLine, type CommandOptions, type Commands } from './cli/program.js';
import { interrupts } from './cli/interrupts.js';
import { jobStatus, statusText } from './cli/status.js';
import { WorkerError } from './errors.js';
import { readJob } from './job/read-job.js';
import { measureRate, rateText } from './measure.js';
import { chunksOf } from './plan/chunks.js';
import { makePlan } from './plan/make-plan.js';
import { planFile, readPlan, writePlan, type PlacedPlan } from './plan/plan.js';
import { chunkQueue, toShared, type ChunkQueue } from './queue/chunk-queue.js';
import { connectRedis } from './queue/redis.js';
import { chunksToDo } from './queue/submit.js';
import { work } from './queue/work.js';

/** Runs the command line. @returns the exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await commandLine(commands, { redis: process.env['EXPCTR_REDIS'] }).parseAsync([...argv], { from: 'user' });
    return EXIT.done;
  } catch (thrown) {
    const error = fileError(thrown);
    if (error instanceof Interrupted || (error instanceof HubError && error.code === 'HUB_INTERRUPTED')) {
      printError('interrupted; the same command goes on from here');
      return EXIT.interrupted;
    }
    return failWith(error, (text) => printError(text.trimEnd()));
  }
}

const say = (text: string): void => printError(text);

const commands: Commands = {
  async plan(file) {
    await planned(file);
  },

  async submit(file, { redis, queue, shared }) {
    const placed = await planned(file);
    const folder = toShared(shared, placed.folder);
    await withQueue(redis, queue, async (chunks) => {
      const { toDo, whole } = await chunksToDo(placed, say);
      await chunks.add(folder, toDo);
      print(`${toDo.length} chunks queued in ${queue}, ${whole} are done; now on each machine: expctr-worker work`);
    });
  },

  async work({ redis, queue, shared, concurrency, lock, wait = false }) {
    const { stop, giveBack, end } = interrupts(say);
    const connection = await connectRedis(redis, say);
    try {
      const done = await work(connection, { queue, shared: resolve(shared), concurrency, lock, wait, say, stop, giveBack });
      const parts = [
        `${done.made} chunks made (${done.rows} rows)`,
        ...(done.found > 0 ? [`${done.found} were there`] : []),
        ...(done.late > 0 ? [`${done.late} made by another meanwhile`] : []),
        ...(done.obsolete > 0 ? [`${done.obsolete} of an earlier plan`] : []),
        ...(done.back > 0 ? [`${done.back} given back`] : []),
        ...(done.failed > 0 ? [`${done.failed} failed`] : []),
      ];
      print(parts.join(', '));
      if (done.broken !== null) throw done.broken;
      if (stop.aborted) throw new Interrupted('WORKER_INTERRUPTED', 'interrupted');
      if (done.failed > 0) {
        throw new WorkerError('WORKER_CHUNKS_FAILED', `${done.failed} chunks failed`, {
          remedy: 'expctr-worker status JOB says why; submit the job again to try them again',
        });
      }
    } finally {
      end();
      connection.close();
    }
  },

  async status(file, { redis, queue, local = false, json = false }) {
    const placed = await readPlan((await readJob(file)).out);
    const show = async (chunks: ChunkQueue | null): Promise<void> => {
      const status = await jobStatus(placed, chunks);
      print(json ? printableJson(status) : statusText(status));
    };
    await (local ? show(null) : withQueue(redis, queue, show));
  },

  async join(file, options) {
    await joined(await readPlan((await readJob(file)).out), options);
  },

  async run(file, options) {
    const { stop, end } = interrupts(say);
    try {
      const placed = await planned(file);
      const { made, found } = await runLocally(placed, {
        progress: createProgress(),
        signal: stop,
        hub: await hubEnvironment(process.env),
      });
      print(`${made} rows made, ${found} were there`);
      await joined(placed, options);
    } finally {
      end();
    }
  },

  async measure(file, { rows = 256, json = false }) {
    const hub = await hubEnvironment(process.env);
    const placed = await makePlan(await readJob(file), hub);
    const rate = await measureRate(placed, rows, hub);
    print(json ? printableJson(rate) : rateText(placed.plan.kind, rate));
  },
};

async function planned(file: string): Promise<PlacedPlan> {
  const placed = await makePlan(await readJob(file), await hubEnvironment(process.env));
  const isOther = await writePlan(placed);
  if (isOther) say('the plan is another than before: results that fit both are found again, the others stay and are not used');
  const { plan, folder } = placed;
  const [from, to] = plan.rows;
  print(`${planFile(folder)}: ${plan.kind}, rows ${from} to ${to} in ${chunksOf(plan).length} chunks`);
  return placed;
}

async function joined(placed: PlacedPlan, { out }: CommandOptions): Promise<void> {
  const file = out ?? join(placed.folder, `${placed.plan.kind}.arrow`);
  const rows = await joinChunks(placed, file);
  print(`${file}: ${rows} rows`);
}

async function withQueue(redis: string, name: string, use: (queue: ChunkQueue) => Promise<void>): Promise<void> {
  const connection = await connectRedis(redis, say);
  try {
    const queue = chunkQueue(connection, name);
    await use(queue);
    await queue.close();
  } finally {
    connection.close();
  }
}
