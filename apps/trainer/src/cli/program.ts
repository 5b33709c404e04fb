import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { listOptions } from '../config/options.js';
import { presets } from '../config/presets.js';

/** What the command line said, before the configuration is put together. */
export interface CommandLine {
  readonly preset?: string;
  readonly config?: string;
  readonly dataset?: string;
  readonly dataDir?: string;
  readonly llm?: string;
  readonly encoder?: string;
  readonly backbone?: string;
  readonly algorithm?: string;
  readonly iterations?: number;
  readonly seed?: number;
  readonly onBadRow?: string;
  readonly set: readonly string[];
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
  readonly schema?: boolean;
}

/** Wrong use of the command line; the message has been printed. */
export class UsageError extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('usage');
    this.exitCode = exitCode;
  }
}

/** @returns the options in `argv` (without node and script). @throws UsageError after printing, with exit code 0 for --help. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const program = new Command('expctr-train')
    .description('Trains an explaining recommender: PPO aligns a LoRA language model with what users did (LC) and with a CTR model (IC).')
    .usage('[options]')
    .option('--preset <name>', `a starting point: ${Object.keys(presets).join(', ')}`)
    .option('--config <file>', 'JSON file with options; --schema prints its JSON Schema')
    .option('--dataset <name>', 'data source (option dataset)')
    .option('--data-dir <folder>', 'folder with its files (option dataDir)')
    .option('--llm <id or path>', 'language model (option llm.model)')
    .option('--encoder <id or path>', 'sentence encoder (option encoder.model)')
    .option('--backbone <name>', 'CTR backbone (option ctr.backbone)')
    .option('--algorithm <name>', 'policy optimization (option ppo.algorithm)')
    .option('--iterations <K>', 'repetitions of stages 2 and 3 (option iterations)', integer)
    .option('--seed <N>', 'seed of every random stream (option seed)', integer)
    .option('--on-bad-row <skip|fail>', 'malformed input lines (option data.onBadRow)')
    .option('--set <path=value>', 'any option below; may be repeated', (value, all: string[]) => [...all, value], [])
    .option('--out <folder>', 'new run folder; default runs/<preset or dataset>-<seed>')
    .option('--resume <folder>', 'go on with an interrupted run, with its own configuration')
    .option('--json', 'print the metrics as JSON on standard output')
    .option('--schema', 'print the JSON Schema of the configuration and end')
    .addHelpText('after', helpAfter)
    .showHelpAfterError('(expctr-train --help lists every option)')
    .exitOverride();
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
  if (program.args.length > 0) {
    process.stderr.write(`error: unexpected argument "${program.args[0]}"; options begin with -- (expctr-train --help lists them)\n`);
    throw new UsageError(2);
  }
  return program.opts<CommandLine>();
}

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || text.trim() === '') throw new InvalidArgumentError('expected an integer.');
  return value;
}

function helpAfter(): string {
  const options = listOptions();
  const width = Math.max(...options.map((option) => option.path.length));
  const lines = options.map(
    (option) => `  ${option.path.padEnd(width)}  ${option.description} [${option.type}; default ${JSON.stringify(option.default ?? null)}]`,
  );
  const presetLines = Object.entries(presets).map(([name, preset]) => `  ${name.padEnd(width)}  ${preset.description}`);
  return `
Presets:
${presetLines.join('\n')}

Options for --set and --config (path, meaning, values, default):
${lines.join('\n')}

Exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted (resume with --resume).
Example: expctr-train --dataset movielens --data-dir ml-latest-small --llm HuggingFaceTB/SmolLM2-135M-Instruct --encoder Xenova/bge-small-en-v1.5`;
}
