import { stopSignals } from '@expctr/app-kit';
import { EXIT, ExpctrError, failWith, print, printError } from '@expctr/core';
import { parseCommandLine } from './cli/program.js';
import type { Reloaded } from './run/keeper.js';
import { serveRun, type RunServer } from './serve.js';

/** Runs the command line until it is told to stop. @returns the exit status: 0 done, 1 failed, 2 wrong use, 130 ended at once */
export async function main(argv: readonly string[]): Promise<number> {
  const signals = stopSignals();
  try {
    const { path, options } = parseCommandLine(argv);
    const server = await serveRun(path, options, {
      onReload: (reloaded) => printError(reloadText(reloaded)),
      onFailure: (error) => printError(failureText(error)),
    });
    print(`${modelText(server)} at ${server.url}`);
    signals.onReload(() => void server.reload());
    await signals.stop;
    printError('stopping: requests under way are finished (again to stop at once)');
    if (await server.stop()) return EXIT.done;
    printError('requests that were not finished in time were cut off (--grace-seconds)');
    return EXIT.failed;
  } catch (error) {
    return failWith(error, (text) => printError(text.trimEnd()));
  } finally {
    signals.end();
  }
}

function modelText({ model }: RunServer): string {
  return `${model.predictor ?? 'a model'}, version ${model.version},`;
}

function reloadText(reloaded: Reloaded): string {
  switch (reloaded.outcome) {
    case 'served':
      return `reloaded: version ${reloaded.model.version} answers now`;
    case 'same':
      return `reloaded: it is version ${reloaded.model.version}, as before`;
    case 'refused':
      return `not reloaded, the run before goes on answering: ${reloaded.code}: ${reloaded.message}`;
  }
}

function failureText(error: unknown): string {
  if (error instanceof ExpctrError) return `error ${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
