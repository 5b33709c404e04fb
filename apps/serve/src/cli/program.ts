import { optionFlags } from '@expctr/app-kit';
import { print, printError } from '@expctr/core';
import { packageVersion } from '@expctr/core/node';
import { Command } from 'commander';
import { servedPredictors } from '../run/predictors.js';
import { serveOptions, type ServeOptionsInput } from '../options.js';

/** What a command line asks for. */
export interface CommandLine {
  /** What to serve. */
  readonly path: string;
  readonly options: ServeOptionsInput;
}

/** Reads a command line. @throws CommanderError after printing */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const program = new Command('expctr-serve')
    .description('Serves predictions and explanations of a run over HTTP, with a page to try it.')
    .argument('<RUN>', 'folder of a run of expctr-train, folder of a saved CTR model, or a model.onnx')
    .version(packageVersion(import.meta.url) ?? 'unknown', '--version', 'print the version and end')
    .helpOption('--help', 'show this help')
    .addHelpText('after', HELP)
    .showHelpAfterError('(expctr-serve --help lists every option)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: (text) => printError(text.trimEnd()) });
  for (const option of optionFlags(serveOptions.shape)) program.addOption(option);
  program.parse([...argv], { from: 'user' });
  return { path: program.args[0]!, options: program.opts<ServeOptionsInput>() };
}

const HELP = `
Predictors (--predictor) whose model a run keeps:
${Object.entries(servedPredictors)
  .map(([name, { description }]) => `  ${name.padEnd(12)} ${description}`)
  .join('\n')}

Answers:
  POST /v1/predict   {"rows": [{"user": "1", "item": "2"}, {"features": {…}}]}
  POST /v1/explain   {"user": "1", "item": "2"}; with "stream": true as server-sent events
  GET  /v1/users, /v1/items, /healthz, /metrics, /openapi.json, and / for a page to try it

Explanations are those that the run wrote; with --generate its language model writes the others, in a process of its own.

Signals: SIGTERM or Ctrl-C finishes what is under way and ends; a second one ends at once. SIGHUP loads what lies in the place now: until it
is loaded, and where it cannot be, the run before goes on answering.

Exit status: 0 done, 1 failed, 2 wrong use, 130 ended at once.`;
