import { Command, InvalidArgumentError, Option } from 'commander';
import { EXIT, failWith, printableJson, printableLines, type ExitStatus } from '@expctr/core';
import { packageVersion } from '@expctr/core/node';
import { slottedExplanationTemplate } from '../prompts/default-explanation-template.js';
import { slottedLcTemplate } from '../prompts/default-lc-template.js';
import { datasetSource, datasetSources } from '../sources/sources.js';
import { SCHEMA_NAMES } from '../schemas/validate.js';
import { inspectCommand } from './inspect.js';
import { migrateCommand, type MigrateFlags } from './migrate.js';
import { describeDataset, prepareCommand } from './prepare.js';
import { describeOptions, readSettings } from './settings.js';

/** Where a program writes. */
export interface ProgramOutput {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/** Runs `expctr-data` with its arguments (without the program's name); resolves to the exit status. */
export async function runProgram(args: readonly string[], terminal: ProgramOutput): Promise<ExitStatus> {
  // What is printed may quote titles, names and metadata from files.
  const output: ProgramOutput = {
    out: (text) => terminal.out(printableLines(text)),
    error: (text) => terminal.error(printableLines(text)),
  };
  try {
    await createProgram(output).parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    return failWith(error, output.error);
  }
}

interface PrepareFlags {
  readonly dataset: string;
  readonly dataDir: string;
  readonly out: string;
  readonly set: readonly string[];
  readonly onBadRow: 'skip' | 'fail';
  readonly seed: number;
}

function createProgram({ out, error }: ProgramOutput): Command {
  const program = new Command('expctr-data')
    .description('Interaction datasets to Arrow tables.')
    .version(packageVersion(import.meta.url) ?? 'unknown', '--version', 'print the version and end')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: error })
    .showHelpAfterError('(--help says more)')
    .showSuggestionAfterError();

  program
    .command('prepare')
    .description('Read a dataset and write interactions.arrow, items.arrow, users.arrow, card.json and card.html.')
    .requiredOption('--dataset <name>', `one of ${datasetSources.map(({ name }) => name).join(', ')}`)
    .requiredOption('--data-dir <folder>', 'the folder with its files, plain, gzip or zip')
    .requiredOption('--out <folder>', 'a new or empty folder, or one that an earlier prepare wrote')
    .option('--set <path=value>', 'set an option of the list below; may come again', (value: string, all: string[]) => [...all, value], [])
    .addOption(
      new Option('--on-bad-row <what>', 'stop at a malformed row, or count such rows and go on').choices(['skip', 'fail']).default('fail'),
    )
    .option('--seed <number>', 'seeds whatever is drawn', wholeNumber, 0)
    .addHelpText(
      'after',
      () => `\nDatasets:\n${listSources()}\n\nOptions for --set:\n${listOptions()}\n\nExit status: 0 done, 1 failed, 2 wrong use.`,
    )
    .action(async (flags: PrepareFlags) => {
      const { dataset, dataDir, onBadRow, seed } = flags;
      const data = readSettings(flags.set, datasetSource(dataset).options);
      const prepared = await prepareCommand({ dataset, dataDir, onBadRow, seed, out: flags.out, data });
      out(`${describeDataset(prepared)}\n`);
    });

  program
    .command('inspect')
    .description('Show the schema, the metadata and the first rows of an Arrow file.')
    .argument('<file>', 'an Arrow IPC file')
    .option('--rows <number>', 'how many rows to show', wholeNumber, 10)
    .action(async (file: string, { rows }: { rows: number }) => out(`${await inspectCommand(file, rows)}\n`));

  program
    .command('migrate')
    .description('Bring an Arrow file to a schema: one of an older version, or one that pandas, Polars or DuckDB made.')
    .argument('<file>', 'an Arrow IPC file')
    .requiredOption('--out <file>', 'the file to write')
    .addOption(new Option('--schema <name>', 'the schema; by default the one that the file names').choices(SCHEMA_NAMES))
    .option('--rename <old=new>', 'call a column by another name; may come again', (value: string, all: string[]) => [...all, value], [])
    .action(async (file: string, flags: MigrateFlags) => out(`${await migrateCommand(file, flags)}\n`));

  program
    .command('template')
    .description(
      'Print a default prompt template as JSON, to start one of your own from; {noun} and the like stand for the words of the dataset.',
    )
    .addArgument(new Command().createArgument('<kind>').choices(['explanation', 'lc']))
    .action((kind: string) => out(`${printableJson(kind === 'lc' ? slottedLcTemplate : slottedExplanationTemplate)}\n`));
  return program;
}

function listSources(): string {
  return datasetSources.map(({ name, description }) => `  ${name.padEnd(18)}${description}`).join('\n');
}

function listOptions(): string {
  const common = describeOptions();
  const own = datasetSources.flatMap(({ options }) => (options === undefined ? [] : describeOptions(options).slice(common.length)));
  return [...common, ...own]
    .map(({ path, description, default: value }) => `  ${path.padEnd(24)}${description} Default ${JSON.stringify(value)}.`)
    .join('\n');
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/u.test(text)) throw new InvalidArgumentError('Expected a whole number from 0 to 999,999,999,999,999.');
  return Number(text);
}
