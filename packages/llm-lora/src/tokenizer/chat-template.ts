import { TokenizerError } from './errors.js';
import type { ChatMessage } from '@expctr/language-model';
import type { AddedTokenJson } from './tokenizer-json.js';

/** A stretch of a rendered chat: one control token, or text in which none is looked for. */
export type ChatStretch = { readonly id: number } | { readonly text: string };

/** Renders messages with the model's template and the opening of the assistant's turn. */
export type RenderChat = (messages: readonly ChatMessage[]) => string;

/** Stand-ins for contents: characters of a private-use plane, so that no template's own text holds them. */
const standIn = (index: number): string => `\u{F0000}${index}\u{F0001}`;
const STAND_INS = /\u{F0000}(\d+)\u{F0001}/gu;

/**
 * Renders a chat so that no content can write markup: the template sees stand-ins, control tokens are looked for in the
 * template's own text only, and the contents are then put in their places. Text between two control tokens stays one stretch
 * whether it came from template or content, so ordinary contents get the tokens that rendering them directly would give.
 *
 * White space around a content stays outside its stand-in, for templates trim. Where a template does more with contents (cuts
 * an earlier turn at </think>, writes them as JSON, asks for their length), so that stand-ins give another chat than the contents
 * themselves, the latter is taken, provided that its control tokens are the same ones.
 *
 * @throws TokenizerError `TOKENIZER_BAD_CHAT_TEMPLATE` where the template refuses the messages or leaves one out, and where it looks
 * into messages that change its control tokens.
 */
export function chatStretches(
  messages: readonly ChatMessage[],
  continuation: string,
  render: RenderChat,
  controlTokens: readonly AddedTokenJson[],
  where: string,
): ChatStretch[] {
  const hidden = messages.map(({ role, content }, index) => ({ role, content: around(content, standIn(index)) }));
  const rendered = renderChecked(hidden, messages, render, where);
  const byContent = new Map(controlTokens.map((token) => [token.content, token]));
  const filled = (piece: string): string => piece.replace(STAND_INS, (_, index: string) => messages[Number(index)]?.content.trim() ?? '');
  const direct = renderedOrThrow(messages, messages, render, where);
  const reads = filled(rendered) !== direct; // the template looks into contents, as those that cut <think>…</think> away do
  const pieces = splitAt(reads ? direct : rendered, [...byContent.keys()]);
  if (reads) checkControlTokens(pieces, splitAt(rendered, [...byContent.keys()]), byContent, where);
  const stretches: ChatStretch[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') stretches.push({ text });
    text = '';
  };
  for (const piece of pieces) {
    const token = byContent.get(piece);
    if (token === undefined) {
      const plain = reads ? piece : filled(piece);
      text += isAfterRightStrip(stretches, byContent) ? plain.trimStart() : plain;
    } else {
      if (token.lstrip === true) text = text.trimEnd();
      flush();
      stretches.push({ id: token.id });
    }
  }
  text += continuation;
  flush();
  return stretches;
}

function around(content: string, replacement: string): string {
  const trimmed = content.trim();
  return trimmed === '' ? content : content.replace(trimmed, () => replacement);
}

function renderChecked(hidden: readonly ChatMessage[], messages: readonly ChatMessage[], render: RenderChat, where: string): string {
  const rendered = renderedOrThrow(hidden, messages, render, where);
  const lost = messages.findIndex(({ content }, index) => content.trim() !== '' && !rendered.includes(standIn(index)));
  if (lost === -1) return rendered;
  throw new TokenizerError('TOKENIZER_BAD_CHAT_TEMPLATE', `the chat template leaves out message ${lost} (${messages[lost]?.role ?? ''})`, {
    where,
    expected: 'every message in the rendered chat',
    remedy: 'use roles that this model was trained with, for instance by putting the system text into the first user message',
  });
}

function renderedOrThrow(given: readonly ChatMessage[], messages: readonly ChatMessage[], render: RenderChat, where: string): string {
  try {
    return render(given);
  } catch (cause) {
    throw new TokenizerError('TOKENIZER_BAD_CHAT_TEMPLATE', `the chat template fails: ${(cause as Error).message}`, {
      where,
      expected: `a template that takes messages of the roles ${messages.map(({ role }) => role).join(', ')}`,
      remedy: 'use roles and an order that this model was trained with, or a completion prompt',
      cause,
    });
  }
}

/** A chat that is rendered directly may have no control token but those that it has whatever its contents are. */
function checkControlTokens(
  pieces: readonly string[],
  withoutContents: readonly string[],
  byContent: ReadonlyMap<string, AddedTokenJson>,
  where: string,
): void {
  const found = pieces.filter((piece) => byContent.has(piece));
  const expected = withoutContents.filter((piece) => byContent.has(piece));
  if (found.join('\n') === expected.join('\n')) return;
  throw new TokenizerError(
    'TOKENIZER_BAD_CHAT_TEMPLATE',
    'the chat template looks into the messages, and one of them changes its control tokens',
    {
      where,
      expected: `the control tokens ${expected.join(' ')}, whatever the messages say`,
      remedy: `take ${[...new Set(found)].join(', ')} out of the messages, or use a completion prompt`,
    },
  );
}

function isAfterRightStrip(stretches: readonly ChatStretch[], byContent: ReadonlyMap<string, AddedTokenJson>): boolean {
  const last = stretches.at(-1);
  if (last === undefined || !('id' in last)) return false;
  return [...byContent.values()].some(({ id, rstrip }) => id === last.id && rstrip === true);
}

/** Cuts a text at each of the words, taking the longest where several begin at one place; the words stay as pieces. */
function splitAt(text: string, words: readonly string[]): string[] {
  if (words.length === 0) return [text];
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  const pattern = longestFirst.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return text.split(new RegExp(`(${pattern})`)).filter((piece) => piece !== '');
}
