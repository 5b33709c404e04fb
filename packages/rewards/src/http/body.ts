import { parseJson } from '@expctr/core';
import { RewardError } from '../errors.js';
import type { RewardRows } from '../reward-rows.js';

/** What of a row is sent beside what always is. */
export interface Sent {
  readonly sendLabel: boolean;
  readonly sendHistory: boolean;
}

/** Most bytes of an answer for so many rows: far more than numbers need, however they are laid out. */
export function longestAnswer(rows: number): number {
  return 65_536 + 256 * rows;
}

/** The JSON that is sent for rows `begin` to `end` (excluded). */
export function requestBody(name: string, rows: RewardRows, begin: number, end: number, { sendLabel, sendHistory }: Sent): string {
  const sent = Array.from({ length: end - begin }, (_, at) => {
    const row = begin + at;
    return {
      row,
      interactionId: rows.interactionId[row],
      user: rows.user?.[row],
      prompt: rows.prompt[row],
      label: sendLabel ? rows.label[row] : undefined,
      item: rows.item[row],
      history: sendHistory ? rows.history?.[row] : undefined,
      explanation: rows.explanation[row],
      read: rows.read[row],
      tokenCount: rows.tokenCount[row],
      finishReason: rows.finishReason[row],
    };
  });
  return JSON.stringify({ version: 1, reward: name, rows: sent });
}

/**
 * @param where the reward, the address and the rows
 * @returns one number or null for each row from `begin` to `end` (excluded)
 * @throws {RewardError} `REWARD_HTTP_ANSWER`
 */
export function answeredValues(text: string, begin: number, end: number, where: string): (number | null)[] {
  const expected = `a JSON array of ${end - begin}: one number or null for each row, in the order of the rows`;
  const wrong = (what: string, remedy: string, at = where): RewardError =>
    new RewardError('REWARD_HTTP_ANSWER', what, { where: at, expected, remedy });
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (cause) {
    const begins = text.trim() === '' ? 'it is empty' : `it begins with ${JSON.stringify(text.trim().slice(0, 60))}`;
    throw wrong(
      `the answer is no JSON (${(cause as Error).message}); ${begins}`,
      'NaN and Infinity are no JSON: answer null where the reward does not apply',
    );
  }
  if (!Array.isArray(parsed)) {
    const kind = parsed === null ? 'null' : typeof parsed === 'object' ? 'an object' : `a ${typeof parsed}`;
    throw wrong(`the answer is ${kind}`, 'answer with the array itself');
  }
  if (parsed.length !== end - begin) throw wrong(`the answer has ${parsed.length} values`, 'answer one value for each row');
  return parsed.map((value: unknown, at) => {
    if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw wrong(
      `the answer's value is ${JSON.stringify(value)}`,
      'answer a finite number, or null where the reward does not apply',
      `${where}, row ${begin + at}`,
    );
  });
}
