import { interruptSignal } from '@expctr/app-kit';
import { EXIT, failWith, fileError, printError, type ExitStatus } from '@expctr/core';
import { HubError } from '@expctr/hub';
import { commandLine } from './cli/program.js';
import { describeCommand } from './commands/describe.js';
import { finetuneCommand } from './commands/finetune.js';
import { generateCommand } from './commands/generate.js';
import { convertAdapterCommand, convertCommand, mergeCommand } from './commands/save.js';
import { scoreCommand } from './commands/score.js';
import { serveCommand } from './commands/serve.js';
import { LmError } from './errors.js';

/** Runs the command line. @returns the exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted */
export async function main(argv: readonly string[]): Promise<number> {
  let status: ExitStatus = EXIT.done;
  const { signal, whileListening } = interruptSignal(() => {
    printError('\nending (Ctrl-C again to end at once)');
    return new LmError('LM_INTERRUPTED', 'interrupted');
  });
  const program = commandLine({
    describe: describeCommand,
    generate: (model, prompt, flags) => whileListening(() => generateCommand(model, prompt, flags, signal)),
    score: (model, flags) => whileListening(() => scoreCommand(model, flags, signal)),
    finetune: (model, flags) => whileListening(() => finetuneCommand(model, flags, signal)),
    merge: mergeCommand,
    convert: convertCommand,
    convertAdapter: convertAdapterCommand,
    async serve(model, flags) {
      status = await serveCommand(model, flags);
    },
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (thrown) {
    const error = fileError(thrown);
    if (signal.aborted || (error instanceof HubError && error.code === 'HUB_INTERRUPTED')) {
      printError(argv[0] === 'finetune' ? 'interrupted; the same command with --resume goes on from its last checkpoint' : 'interrupted');
      return EXIT.interrupted;
    }
    return failWith(error, (text) => printError(text.trimEnd()));
  }
}
