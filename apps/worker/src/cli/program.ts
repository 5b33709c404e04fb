import { print, printError } from '@expctr/core';
import { packageVersion } from '@expctr/core/node';
import { Command, InvalidArgumentError, Option } from 'commander';
import { kinds } from '../kinds/table.js';
import { DEFAULT_QUEUE } from '../queue/chunk-queue.js';
import { DEFAULT_REDIS } from '../queue/redis.js';

/** Options of all commands; each has those that its help lists. */
export interface CommandOptions {
  readonly redis: string;
  readonly queue: string;
  readonly shared: string;
  readonly concurrency: number;
  readonly lock: number;
  readonly wait?: boolean;
  readonly local?: boolean;
  readonly out?: string;
  readonly rows?: number;
  readonly json?: boolean;
}

/** What the commands do. @param job path of the job file */
export interface Commands {
  plan(job: string): Promise<void>;
  submit(job: string, options: CommandOptions): Promise<void>;
  work(options: CommandOptions): Promise<void>;
  status(job: string, options: CommandOptions): Promise<void>;
  join(job: string, options: CommandOptions): Promise<void>;
  run(job: string, options: CommandOptions): Promise<void>;
  measure(job: string, options: CommandOptions): Promise<void>;
}

/** @param commands what is called @param defaults what the environment says @throws CommanderError after printing */
export function commandLine(commands: Commands, defaults: { readonly redis: string | undefined }): Command {
  const program = new Command('expctr-worker')
    .description(
      'Explains, reads and encodes rows in chunks: in one process, or on any number of machines with a shared folder, through a queue on Redis.',
    )
    .version(packageVersion(import.meta.url) ?? 'unknown', '--version', 'print the version and end')
    .helpOption('--help', 'show this help; expctr-worker COMMAND --help that of a command')
    .addHelpText('after', HELP)
    .showHelpAfterError('(expctr-worker --help lists every command)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: (text) => printError(text.trimEnd()) });

  const redis = (): Option =>
    new Option('--redis <url>', 'address of Redis, redis://[user:password@]host[:port] (also EXPCTR_REDIS)').default(
      defaults.redis ?? DEFAULT_REDIS,
      DEFAULT_REDIS,
    );
  const queue = (): Option => new Option('--queue <name>', 'name of the queue').default(DEFAULT_QUEUE).argParser(queueName);
  const shared = (): Option => new Option('--shared <folder>', 'folder that all machines have mounted, wherever').default('.');
  const out = (): Option => new Option('--out <file>', 'the joined table; default KIND.arrow in the folder of the results');
  const command = (name: string, description: string): Command =>
    program.command(name).description(description).helpOption('--help', 'show this help').addHelpText('after', STATUS_LINE);
  const JOB = ['<JOB>', 'job file; expctr-worker --help shows one of each kind'] as const;

  command('plan', 'bring models here, read every input once for its checksum, and write the plan')
    .argument(...JOB)
    .action((job: string) => commands.plan(job));
  command('submit', 'plan, and queue the chunks that have no result; those that failed are tried again')
    .argument(...JOB)
    .addOption(redis())
    .addOption(queue())
    .addOption(shared())
    .action((job: string, options: CommandOptions) => commands.submit(job, options));
  command('work', 'take chunks from the queue until none is left')
    .addOption(redis())
    .addOption(queue())
    .addOption(shared())
    .option('--concurrency <N>', 'chunks at a time, each in a process with models of its own', whole(1, 1024), 1)
    .option('--lock <seconds>', 'without a sign of life for so long, a worker loses its chunk to another', whole(1, 86_400), 30)
    .option('--wait', 'stay when nothing is left, for jobs to come')
    .action((options: CommandOptions) => commands.work(options));
  command('status', 'what is done, and what waits, is being made or failed')
    .argument(...JOB)
    .addOption(redis())
    .addOption(queue())
    .option('--local', 'look at the results alone, not at Redis')
    .option('--json', 'print it as JSON')
    .action((job: string, options: CommandOptions) => commands.status(job, options));
  command('join', 'put the results of all chunks into one Arrow table, in the order of the rows')
    .argument(...JOB)
    .addOption(out())
    .action((job: string, options: CommandOptions) => commands.join(job, options));
  command('run', 'plan, make every chunk in this process, without Redis, and join')
    .argument(...JOB)
    .requiredOption('--local', 'say that no Redis is wanted; with Redis the commands are submit, work and join')
    .addOption(out())
    .action((job: string, options: CommandOptions) => commands.run(job, options));
  command('measure', 'how many rows a second one process makes here, and what 10 and 100 million rows would take')
    .argument(...JOB)
    .option('--rows <N>', 'rows that are timed, after as many that are not', whole(1, 1_000_000), 256)
    .option('--json', 'print the figures as JSON')
    .action((job: string, options: CommandOptions) => commands.measure(job, options));
  return program;
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/u.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function queueName(text: string): string {
  if (/^[\w.-]{1,100}$/u.test(text)) return text;
  throw new InvalidArgumentError('Expected letters, digits, and . _ - alone.');
}

const STATUS_LINE = '\nExit status: 0 done, 1 failed, 2 wrong use, 130 interrupted.';

const HELP = `
Kinds of work:
${Object.entries(kinds)
  .map(([name, { description }]) => `  ${name.padEnd(8)} ${description}`)
  .join('\n')}

A job is a JSON file; its paths are taken from its folder. Every field but format, kind, inputs and the model may be left out:
  {"format": "expctr-job/1", "kind": "explain", "inputs": {"data": "data"}, "config": "run/config.json", "adapter": "run/adapters/final"}
  {"format": "expctr-job/1", "kind": "read", "inputs": {"data": "data", "explanations": "explained.arrow"},
   "model": "HuggingFaceTB/SmolLM2-135M-Instruct", "settings": {"reader": {"form": "continuation"}}}
  {"format": "expctr-job/1", "kind": "encode", "inputs": {"texts": "explained.arrow"}, "column": "read",
   "model": "Xenova/bge-small-en-v1.5", "rows": [0, 1000000], "chunkRows": 8192, "out": "vectors"}
  config    a run's config.json, for model and settings that the job does not name
  settings  options in its words: llm, prompt, reader, encoder, seed, threads (default 1: one process a core)

On one machine:       expctr-worker run JOB --local
On several:           expctr-worker submit JOB      (once; needs Redis with maxmemory-policy noeviction)
                      expctr-worker work            (on each, any number of times, in the shared folder)
                      expctr-worker join JOB        (once)

A result is a file named by the checksum of all that decides it. One that is there is verified and not made again, so every command may
be repeated. Ctrl-C lets a worker finish its chunks, a second one or SIGTERM makes it give them back.
${STATUS_LINE}`;
