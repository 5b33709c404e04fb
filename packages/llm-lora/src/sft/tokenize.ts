import type { ChatMessage, Tokenizer } from '@expctr/language-model';
import { TokenizerError } from '../tokenizer/errors.js';
import { SftError } from './errors.js';
import type { ChatExample, Example } from './example.js';

/** Tokens of an example, or of a part of a conversation: what is given, what follows, and what of that is learned. */
export interface Tokenized {
  readonly prompt: readonly number[];
  readonly response: readonly number[];
  /** One for each token of the response: 1 = learned, 0 = given. */
  readonly weights: readonly number[];
}

/** What turns examples into tokens. @throws SftError `SFT_EMPTY`, `SFT_ROLES` */
export type TokenizeExample = (example: Example, where: string) => Tokenized[];

/**
 * Examples as tokens, in the very tokens that the model is asked with: a completion begins where `encode` ends a prompt, and ends with
 * the token at which `generate` stops.
 */
export function exampleTokenizer(tokenizer: Tokenizer): TokenizeExample {
  const [end] = tokenizer.eosTokenIds;
  const ending = end === undefined ? [] : [end];
  let turnEnd: readonly number[] | undefined;
  return (example, where) => {
    if ('promptTokens' in example) return [learned(example.promptTokens, example.completionTokens, where)];
    if ('messages' in example) return chatRows(tokenizer, example, (turnEnd ??= endOfTurn(tokenizer)), where);
    if ('text' in example) {
      if (example.text === '') throw empty('the text is empty', where);
      const tokens = [...tokenizer.encode({ form: 'completion', text: example.text }), ...ending];
      return [learned(tokens.slice(0, 1), tokens.slice(1), where)];
    }
    const { prompt, completion } = example;
    if (completion === '') throw empty('the completion is empty', where);
    const given = [...tokenizer.encode({ form: 'completion', text: prompt })];
    return [learned(given, [...tokenizer.encodeText(completion), ...ending], where)];
  };
}

function learned(prompt: readonly number[], response: readonly number[], where: string): Tokenized {
  if (prompt.length === 0) throw empty('nothing stands before the completion, not even a token that begins a text', where);
  if (response.length === 0) throw empty('no token is left to learn', where);
  return { prompt, response, weights: response.map(() => 1) };
}

function empty(what: string, where: string): SftError {
  return new SftError('SFT_EMPTY', what, { where, expected: 'something given, and something to learn', remedy: 'leave the example out' });
}

/**
 * A conversation as one row in which the assistant's turns are learned, and a new one wherever the template writes earlier turns in
 * another way than they were written (it may leave out thoughts): then each turn is learned behind what the model would be shown.
 */
function chatRows(tokenizer: Tokenizer, { messages, learnFrom = 0 }: ChatExample, turnEnd: readonly number[], where: string): Tokenized[] {
  checkRoles(messages, learnFrom, where);
  const rows: { prompt: number[]; response: number[]; weights: number[] }[] = [];
  messages.forEach(({ role, content }, at) => {
    if (role !== 'assistant' || at < learnFrom) return;
    if (content === '') throw empty('what the assistant says is empty', `${where}, messages[${at}]`);
    const context = [...tokenizer.encode({ form: 'chat', messages: messages.slice(0, at) })];
    const turn = [...tokenizer.encodeText(content), ...turnEnd];
    const open = rows.at(-1);
    const known = open === undefined ? [] : [...open.prompt, ...open.response];
    if (open !== undefined && known.every((token, i) => token === context[i])) {
      const between = context.slice(known.length);
      open.response.push(...between, ...turn);
      open.weights.push(...between.map(() => 0), ...turn.map(() => 1));
    } else rows.push({ prompt: context, response: turn, weights: turn.map(() => 1) });
  });
  return rows;
}

function checkRoles(messages: readonly ChatMessage[], learnFrom: number, where: string): void {
  const wrong = (what: string, at: number): SftError =>
    new SftError('SFT_ROLES', what, {
      where: `${where}, messages[${at}]`,
      expected: 'system first where there is one, then user and assistant, the assistant last',
    });
  messages.forEach(({ role }, at) => {
    if (role === 'system' && at > 0) throw wrong('the system speaks in the middle', at);
    if (role === 'assistant' && messages[at - 1]?.role !== 'user') throw wrong('the assistant speaks without being asked', at);
  });
  if (messages.at(-1)?.role !== 'assistant') throw wrong('the assistant has not the last word', Math.max(0, messages.length - 1));
  if (!messages.slice(learnFrom).some(({ role }) => role === 'assistant'))
    throw wrong('nothing that the assistant says is learned', learnFrom);
}

/** The token that the chat template puts behind what the assistant has said, where it is one that ends a sequence; else the first that does. */
function endOfTurn(tokenizer: Tokenizer): readonly number[] {
  const user = { role: 'user', content: 'a' } as const;
  const asked = tokenizer.encode({ form: 'chat', messages: [user] });
  const whole = [...encodedOrNot(tokenizer, [user, { role: 'assistant', content: 'b' }, user])];
  const differs = whole.findIndex((token, at) => token !== asked[at]);
  const end = whole.slice(differs < 0 ? whole.length : differs).find((token) => tokenizer.eosTokenIds.includes(token));
  return [end ?? tokenizer.eosTokenIds[0]].filter((token) => token !== undefined);
}

/** Tokens of a conversation; none where the template has no place for what the assistant said. */
function encodedOrNot(tokenizer: Tokenizer, messages: readonly ChatMessage[]): ArrayLike<number> & Iterable<number> {
  try {
    return tokenizer.encode({ form: 'chat', messages });
  } catch (error) {
    if (error instanceof TokenizerError) return [];
    throw error;
  }
}
