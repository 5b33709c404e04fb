import { print, printError } from '@expctr/core';
import { packageVersion } from '@expctr/core/node';
import { languageModels } from '@expctr/testbed';
import { Command, InvalidArgumentError } from 'commander';
import { listOptions, type OptionDescription } from '../config/options.js';
import { presets } from '../config/presets.js';
import { pluginsIn, readConfigFile } from '../config/resolve.js';
import type { PluginSource } from '../plugins/load-plugins.js';
import { changeableOptions } from '../run/changes.js';
import { PART_KINDS, type Registry } from '../plugins/registry.js';
import { presetHelp } from './preset-help.js';

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
  readonly plugin: readonly string[];
  readonly out?: string;
  readonly resume?: string;
  readonly repair?: boolean;
  readonly json?: boolean;
  readonly schema?: boolean;
  readonly showPrompts?: number;
}

/** The plug-ins that a command line names, itself or in its configuration file: `--help` has to know them before it can be printed. */
export async function namedPlugins(argv: readonly string[]): Promise<PluginSource[]> {
  const program = new Command()
    .option('--plugin <module>', '', repeated)
    .option('--config <file>')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    program.parse([...argv], { from: 'user' });
  } catch {
    return []; // the real parser says what is wrong
  }
  const { plugin = [], config } = program.opts<{ plugin?: string[]; config?: string }>();
  const file = config === undefined ? {} : await readConfigFile(config);
  return [...pluginsIn(file, config), ...plugin];
}

/**
 * @param registry the parts whose options `--help` lists
 * @returns the options in `argv` (without node and script). @throws CommanderError after printing, with exit code 0 for --help and --version.
 */
export function parseCommandLine(argv: readonly string[], registry: Registry): CommandLine {
  const program = new Command('expctr-train')
    .description(
      'Trains an explaining recommender: policy optimization aligns a LoRA language model with what users did (LC) and with a CTR model (IC).',
    )
    .usage('[options]')
    .option('--preset <name>', `a starting point: ${Object.keys(presets).join(', ')}; below stands what each sets`)
    .option('--config <file>', 'JSON file with options; --schema prints its JSON Schema')
    .option('--dataset <name>', `data source: ${namesOf(registry.datasets)} (option dataset)`)
    .option('--data-dir <folder>', 'folder with its files (option dataDir)')
    .option(
      '--llm <id or path>',
      `language model: a folder, a GGUF file, a hub id, or ${namesOf(Object.values(languageModels))} (option llm.model)`,
    )
    .option(
      '--encoder <id or path>',
      `sentence encoder: a folder, a hub id, or one by its name: ${namesOf(registry.encoders)} (option encoder.model)`,
    )
    .option('--backbone <name>', `CTR backbone: ${namesOf(registry.backbones)} (option ctr.backbone)`)
    .option('--algorithm <name>', `policy optimization: ${namesOf(registry.algorithms)} (option ppo.algorithm)`)
    .option(
      '--plugin <module>',
      'package, or path that begins with ./ or /, that brings parts of its own (option plugins); may be repeated',
      repeated,
    )
    .option('--iterations <K>', 'repetitions of stages 2 and 3 (option iterations)', integer)
    .option('--seed <N>', 'seed of every random stream (option seed)', integer)
    .option('--on-bad-row <skip|fail>', 'malformed input lines (option data.onBadRow)')
    .option('--set <path=value>', 'any option below; may be repeated', repeated)
    .option('--out <folder>', 'new run folder; default runs/<preset or dataset>-<seed>')
    .option('--resume <folder>', `go on with a run, with its own configuration; may change: ${changeableOptions.join(', ')}`)
    .option('--repair', 'with --resume: make anew what is damaged, and what was made after it')
    .option('--json', 'print the metrics as JSON on standard output')
    .option('--show-prompts <N>', 'print the prompts of N test rows with counts of tokens and of unknown ones, and end', countOfRows)
    .option('--schema', 'print the JSON Schema of the configuration and end')
    .version(packageVersion(import.meta.url) ?? 'unknown', '--version', 'print the version and end')
    .addHelpText('after', () => helpAfter(registry))
    .showHelpAfterError('(expctr-train --help lists every option)')
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: (text) => printError(text.trimEnd()) });
  program.parse([...argv], { from: 'user' });
  if (program.args.length > 0)
    program.error(`error: unexpected argument "${program.args[0]}"; options begin with --, and what they take stands behind them.`);
  return { set: [], plugin: [], ...program.opts<Partial<CommandLine>>() };
}

/** The names of parts, for a flag that takes one. */
function namesOf(parts: readonly { readonly name: string }[]): string {
  return parts.map(({ name }) => name).join(', ');
}

function repeated(value: string, all: string[] = []): string[] {
  return [...all, value];
}

function countOfRows(text: string): number {
  if (!/^[1-9]\d{0,5}$/u.test(text)) throw new InvalidArgumentError('Expected a whole number of rows, from 1 to 999,999.');
  return Number(text);
}

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || text.trim() === '') throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

function helpAfter(registry: Registry): string {
  const options = listOptions(registry);
  const width = Math.max(...options.map((option) => option.path.length));
  const line = ({ path, description, type, default: value }: OptionDescription): string =>
    `  ${path.padEnd(width)}  ${description} [${type}; default ${JSON.stringify(value ?? null)}]`;
  const common = options.filter(({ part }) => part === undefined);
  const owners = [...new Set(options.flatMap(({ part }) => (part === undefined ? [] : [`${part.chosenBy}=${part.name}`])))];
  const own = owners.flatMap((owner) => [
    `\n  with ${owner}:`,
    ...options.filter(({ part }) => part !== undefined && `${part.chosenBy}=${part.name}` === owner).map(line),
  ]);
  const named = Object.values(languageModels);
  const parts = [...PART_KINDS.map((kind) => [kind, registry[kind]] as const), ['language models', named] as const].flatMap(
    ([kind, all]) => [`  ${kind}:`, ...all.map(({ name, description }) => `    ${name.padEnd(width - 2)}  ${description}`)],
  );
  const plugins = registry.plugins.map(({ name, version }) => `  ${name} ${version ?? ''}`.trimEnd());
  return `
Presets:
${Object.entries(presets)
  .map(([name, preset]) => presetHelp(name, preset, width))
  .join('\n')}

What can be chosen:
${parts.join('\n')}
${plugins.length === 0 ? '' : `\nPlug-ins:\n${plugins.join('\n')}\n`}
Options for --set and --config (path, meaning, values, default):
${[...common.map(line), ...own].join('\n')}

Models by hub id are fetched once, into the cache that Python has (~/.cache/huggingface/hub). HF_HOME, HF_HUB_CACHE, HF_ENDPOINT,
HF_HUB_OFFLINE and HF_TOKEN mean what they mean to Python.
Exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted (resume with --resume).
Example: expctr-train --dataset movielens --data-dir ml-latest-small --llm HuggingFaceTB/SmolLM2-135M-Instruct --encoder Xenova/bge-small-en-v1.5`;
}
