// The process in which the language model of a run writes, so that predictions go on meanwhile, and a crash costs one explanation.
import { ExpctrError, fileError } from '@expctr/core';
import { openPairWriter, type PairWriter } from './language-model.js';
import type { GeneratorMessage, GeneratorRequest } from './messages.js';

let writer: PairWriter | null = null;

function send(message: GeneratorMessage): void {
  process.send?.(message);
}

async function answer(request: GeneratorRequest): Promise<GeneratorMessage> {
  try {
    if (request.type === 'open') {
      writer = await openPairWriter(request.root);
      return { type: 'ready' };
    }
    const { id, pairs } = request;
    return { type: 'explained', id, texts: await writer!.explain(pairs, (at, text) => send({ type: 'text', id, at, text })) };
  } catch (thrown) {
    const error = fileError(thrown);
    const { message } = error as Error;
    return {
      type: 'failed',
      id: request.type === 'open' ? null : request.id,
      code: error instanceof ExpctrError ? error.code : 'SERVE_INTERNAL',
      message,
    };
  }
}

// Ctrl-C on a terminal reaches every process: the server decides when this one ends
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('SIGHUP', () => undefined);
process.once('disconnect', () => process.exit(0)); // the server is gone
process.on('message', (request: GeneratorRequest) => void answer(request).then(send));
