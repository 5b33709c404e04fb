import { basename } from 'node:path';
import { stopSignals } from '@expctr/app-kit';
import { EXIT, ExpctrError, print, printError, type ExitStatus } from '@expctr/core';
import { LmError } from '../errors.js';
import { loadModel, type ModelFlags } from '../load.js';
import type { LmServeOptionsInput } from '../server/options.js';
import { serveModel } from '../server/serve-model.js';

/** Flags of `expctr-lm serve`: those of the server, and these. */
export interface ServeFlags extends Omit<ModelFlags, 'adapter'>, LmServeOptionsInput {
  readonly adapter?: readonly string[];
  readonly sequences?: number;
}

/** `expctr-lm serve`, until it is told to stop. */
export async function serveCommand(
  model: string,
  { adapter = [], weights, threads, sequences, ...options }: ServeFlags,
): Promise<ExitStatus> {
  const signals = stopSignals();
  const limits = sequences === undefined ? {} : { limits: { sequences } };
  const flags = { ...(weights === undefined ? {} : { weights }), ...(threads === undefined ? {} : { threads }) };
  const named = adapter.map(nameAndFolder);
  const { policy } = await loadModel(model, flags, limits);
  try {
    for (const [name, folder] of named) await policy.adapters.load(folder, name);
    const server = await serveModel(policy, model, options, (error) => printError(failureText(error)));
    print(`${server.modelName} at ${server.url}`);
    await signals.stop;
    printError('stopping: requests under way are finished (again to stop at once)');
    if (await server.stop()) return EXIT.done;
    printError('requests that were not finished in time were cut off (--grace-seconds)');
    return EXIT.failed;
  } finally {
    signals.end();
    await policy.dispose();
  }
}

/** `NAME=FOLDER`, or a folder that is called as the adapter is. */
function nameAndFolder(text: string): [name: string, folder: string] {
  const at = text.indexOf('=');
  const [name, folder] = at < 0 ? [basename(text), text] : [text.slice(0, at), text.slice(at + 1)];
  if (name !== '' && folder !== '') return [name, folder];
  throw new LmError('LM_OPTION', `it is "${text}"`, { where: '--adapter', expected: 'NAME=FOLDER, or a folder', wrongUse: true });
}

function failureText(error: unknown): string {
  if (error instanceof ExpctrError) return `error ${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
