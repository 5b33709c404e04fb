import { runInNewContext } from 'node:vm';
import { TokenizerError } from './errors.js';

/** Milliseconds that a chat template may take for a short message: those of models take a few. */
const LONGEST = 1000;

/**
 * Renders a template once and ends it by force where it does not end by itself: a template is a program that came with a model.
 * Any other failure is left to whoever renders it for a prompt.
 * @throws TokenizerError `TOKENIZER_CHAT_TEMPLATE` where it takes too long
 */
export function checkTemplateEnds(render: () => unknown, where: string): void {
  try {
    runInNewContext('render()', { render }, { timeout: LONGEST });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') return;
    throw new TokenizerError(
      'TOKENIZER_CHAT_TEMPLATE',
      `the chat template has not ended after ${LONGEST / 1000} s with a message of one word`,
      {
        where,
        expected: 'a template that lays out messages',
        remedy: 'look for a long loop in it (range), or take the template of the model that this one was made from',
        cause,
      },
    );
  }
}
