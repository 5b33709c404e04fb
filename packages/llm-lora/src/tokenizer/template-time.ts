import { endedWithin, NOT_ENDED } from '@expctr/core/platform';
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
    endedWithin(LONGEST, render);
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code !== NOT_ENDED) return;
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
