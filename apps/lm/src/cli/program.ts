import { optionFlags } from '@expctr/app-kit';
import { print, printError } from '@expctr/core';
import { packageVersion } from '@expctr/core/node';
import { FAMILIES } from '@expctr/llm-lora';
import { sftOptions } from '@expctr/llm-lora/sft';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { FinetuneFlags } from '../commands/finetune.js';
import type { GenerateFlags } from '../commands/generate.js';
import type { SaveFlags } from '../commands/save.js';
import type { ScoreFlags } from '../commands/score.js';
import type { ServeFlags } from '../commands/serve.js';
import { lmServeOptions } from '../server/options.js';

/** What the commands do. */
export interface Commands {
  describe(model: string, flags: { readonly json?: boolean }): Promise<void>;
  generate(model: string, prompt: string | undefined, flags: GenerateFlags): Promise<void>;
  score(model: string, flags: ScoreFlags): Promise<void>;
  finetune(model: string, flags: FinetuneFlags): Promise<void>;
  merge(model: string, adapter: string, destination: string, flags: SaveFlags): Promise<void>;
  convert(model: string, destination: string, flags: SaveFlags): Promise<void>;
  convertAdapter(adapter: string, destination: string, flags: { readonly model: string }): Promise<void>;
  serve(model: string, flags: ServeFlags): Promise<void>;
}

/** @param commands what is called @throws CommanderError after printing */
export function commandLine(commands: Commands): Command {
  const program = new Command('expctr-lm')
    .description('Describes, runs, scores, fine-tunes, merges, converts and serves language models.')
    .version(packageVersion(import.meta.url) ?? 'unknown', '--version', 'print the version and end')
    .helpOption('--help', 'show this help; expctr-lm COMMAND --help that of a command')
    .addHelpText('after', HELP)
    .showHelpAfterError('(expctr-lm --help lists every command)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: (text) => printError(text.trimEnd()) });
  const command = (name: string, description: string): Command =>
    program.command(name).description(description).helpOption('--help', 'show this help').addHelpText('after', STATUS_LINE);
  const model = (): Argument => new Argument('<MODEL>', 'a folder, a .gguf file, or the id of a model on the hub');
  const modelOptions = (target: Command): Command =>
    target
      .addOption(
        new Option('--weights <format>', 'how the frozen matrices are kept (default float32)').choices([
          'float32',
          'float16',
          'int8',
          'int4',
        ]),
      )
      .option('--threads <N>', 'threads of one operation (default: the cores available)', whole(1, 1024));
  const adapter = (): Option => new Option('--adapter <folder>', "an adapter in PEFT's format");
  const form = (target: Command): Command =>
    target
      .option('--raw', 'go on from prompts as they are, though the model has a chat template')
      .option('--system <text>', 'what the system says, in chats that do not say it');

  command('describe', 'what a model is, without reading its weights')
    .addArgument(model())
    .option('--json', 'print it as JSON')
    .action((path: string, flags: { json?: boolean }) => commands.describe(path, flags));

  form(modelOptions(command('generate', 'texts that a model writes')))
    .addArgument(model())
    .argument('[PROMPT]', 'what to go on from; default: standard input')
    .addOption(adapter())
    .option('--input <file>', 'prompts, one a row: JSON lines, or .arrow; - is standard input')
    .option('--output <file>', 'where texts go, with tokens and log-probabilities: JSON lines, or .arrow (default: standard output)')
    .option('--max-tokens <N>', 'at most so many tokens', whole(1, 2 ** 31 - 1), 256)
    .option('--temperature <N>', '0 takes the most probable tokens', number(0, 1000), 1)
    .option('--top-k <N>', 'keep the k most probable tokens', whole(1, 2 ** 31 - 1))
    .option('--top-p <N>', 'keep the smallest set of tokens of this probability', number(0, 1), 1)
    .option('--min-p <N>', 'keep tokens of this part of the largest probability', number(0, 1), 0)
    .option('--repetition-penalty <N>', 'above 1 it keeps from repeating', number(0, 1000), 1)
    .option('--n <N>', 'texts of each prompt', whole(1, 1_000_000), 1)
    .option('--seed <N>', 'the same seed gives the same texts', whole(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--stop <text>', 'a text ends before this; may be repeated', repeated)
    .option('--choice <text>', 'the text is one of these; may be repeated', repeated)
    .option('--json-schema <file>', 'the text is JSON that satisfies this schema')
    .action((path: string, prompt: string | undefined, flags: GenerateFlags) => commands.generate(path, prompt, flags));

  form(modelOptions(command('score', 'log-probabilities of completions, or of answers that are named')))
    .addArgument(model())
    .addOption(adapter())
    .requiredOption(
      '--input <file>',
      'rows as fine-tuning has them, or with a prompt and answers: JSON lines, or .arrow; - is standard input',
    )
    .option('--output <file>', 'JSON lines, or .arrow (default: standard output)')
    .action((path: string, flags: ScoreFlags) => commands.score(path, flags));

  const tune = modelOptions(command('finetune', 'train an adapter on examples'))
    .addArgument(model())
    .requiredOption('--train <file>', 'examples: JSON lines, or .arrow; may be repeated', repeated)
    .option('--evaluation <file>', 'examples that are not learned; may be repeated', repeated)
    .requiredOption('--out <folder>', 'for checkpoint, adapter and losses')
    .option('--resume', 'go on from the checkpoint in the folder')
    .option('--adapter <folder>', "go on with an adapter in PEFT's format, and not with a new one")
    .option('--rank <N>', 'rank of a new adapter', whole(1, 4096), 16)
    .option('--alpha <N>', 'its alpha (default: twice the rank)', number(0, 1e6))
    .option('--target <module>', 'a module that it is on, or all-linear; may be repeated (default: as usual for the family)', repeated)
    .option('--dora', 'with magnitudes (DoRA)')
    .option('--batch-tokens <N>', 'tokens that go in at a time (default 512): memory grows with it', whole(1, 1_000_000))
    .option('--recompute-layers', 'compute layers a second time to keep less: the same bits in less than half the memory');
  for (const option of optionFlags(sftOptions.shape)) tune.addOption(option);
  tune.action((path: string, flags: FinetuneFlags) => commands.finetune(path, flags));

  const save = (target: Command): Command =>
    target
      .addOption(new Option('--format <format>', 'default: gguf where the destination ends in .gguf').choices(['safetensors', 'gguf']))
      .option('--dtype <type>', 'float32 (default), float16 or bfloat16 for safetensors; float16 (default), float32 or q8_0 for gguf')
      .option('--threads <N>', 'threads of one operation', whole(1, 1024));
  save(command('merge', 'write a model with an adapter in its weights'))
    .addArgument(model())
    .argument('<ADAPTER>', "a folder in PEFT's format")
    .argument('<DESTINATION>', 'a folder, or a .gguf file')
    .action((path: string, folder: string, to: string, flags: SaveFlags) => commands.merge(path, folder, to, flags));
  save(command('convert', 'write a model in another form'))
    .addArgument(model())
    .argument('<DESTINATION>', 'a folder, or a .gguf file')
    .action((path: string, to: string, flags: SaveFlags) => commands.convert(path, to, flags));
  command('convert-adapter', 'write an adapter as llama.cpp reads it')
    .argument('<ADAPTER>', "a folder in PEFT's format")
    .argument('<DESTINATION>', 'a .gguf file')
    .requiredOption('--model <model>', 'the model that it is for')
    .action((folder: string, to: string, flags: { model: string }) => commands.convertAdapter(folder, to, flags));

  const serve = modelOptions(command('serve', 'answer over HTTP as OpenAI and vLLM do'))
    .addArgument(model())
    .option('--adapter <name=folder>', 'an adapter that requests can name; may be repeated', repeated)
    .option('--sequences <N>', 'texts that are decoded at a time (default 32)', whole(1, 65_536));
  for (const option of optionFlags(lmServeOptions.shape)) serve.addOption(option);
  serve.action((path: string, flags: ServeFlags) => commands.serve(path, flags));
  return program;
}

function repeated(value: string, all: readonly string[] = []): string[] {
  return [...all, value];
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/u.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
  };
}

const STATUS_LINE = '\nExit status: 0 done, 1 failed, 2 wrong use, 130 interrupted.';

const HELP = `
Families: ${Object.keys(FAMILIES).join(', ')}

Rows are JSON lines, or an Arrow table where the name ends in .arrow. One is
  {"prompt": "…"} or {"messages": [{"role": "user", "content": "…"}]}     for generate
  {"prompt": "…", "completion": "…"}, {"messages": [… the assistant's last]}, {"text": "…"} or
  {"promptTokens": [1, 2], "completionTokens": [3]}                         for finetune and score
  {"prompt": "…", "answers": ["yes", "no"]}                                 for score

  expctr-lm describe HuggingFaceTB/SmolLM2-135M-Instruct
  expctr-lm generate HuggingFaceTB/SmolLM2-135M-Instruct "Name a film about toys." --max-tokens 40
  expctr-lm finetune HuggingFaceTB/SmolLM2-135M-Instruct --train train.jsonl --evaluation held-out.jsonl --out tuned
  expctr-lm generate HuggingFaceTB/SmolLM2-135M-Instruct --adapter tuned/adapter "Name a film about toys."
  expctr-lm merge HuggingFaceTB/SmolLM2-135M-Instruct tuned/adapter merged.gguf --dtype q8_0
  expctr-lm serve HuggingFaceTB/SmolLM2-135M-Instruct --adapter tuned=tuned/adapter

Ctrl-C ends a command as soon as it can; finetune writes a checkpoint first, from which --resume goes on.
${STATUS_LINE}`;
