import type { TokenBatch } from '@expctr/language-model/training';
import type { DecoderConfig } from '../model/config.js';
import { PolicyError } from './errors.js';
import { checkTexts } from './token-ids.js';

/** @throws {@link PolicyError} when rows, columns, pairs or the temperature do not fit together */
export function checkBatch({ prompts, responses, temperature = 1, columns = {}, pairs = [] }: TokenBatch, config: DecoderConfig): void {
  const wrong = (what: string, expected: string): PolicyError =>
    new PolicyError('POLICY_ROW_COUNT', what, { where: 'token batch', expected });
  if (prompts.length !== responses.length)
    throw wrong(`it has ${prompts.length} prompts and ${responses.length} responses`, 'a response for each prompt');
  checkTexts(prompts, 'prompt', config);
  checkTexts(responses, 'response', config);
  prompts.forEach((prompt, row) => {
    if (prompt.length + responses[row]!.length <= config.maxPositions) return;
    throw new PolicyError('POLICY_TOO_LONG', `prompt and response have ${prompt.length} and ${responses[row]!.length} tokens`, {
      where: `row ${row}`,
      expected: `at most ${config.maxPositions} together, the model's context`,
      remedy: 'shorten the prompt (drop the oldest history entries)',
    });
  });
  for (const [name, rows] of Object.entries(columns)) {
    if (rows.length !== responses.length) throw wrong(`the column ${name} has ${rows.length} rows`, `${responses.length}`);
    const at = rows.findIndex((values, row) => values.length !== responses[row]!.length);
    if (at >= 0)
      throw wrong(
        `row ${at} of the column ${name} has ${rows[at]!.length} values`,
        `${responses[at]!.length}, one for each response token`,
      );
  }
  pairs.forEach((pair, index) => {
    const bad = pair.find((row) => !Number.isInteger(row) || row < 0 || row >= responses.length);
    if (bad === undefined && pair[0] !== pair[1]) return;
    throw new PolicyError('POLICY_PAIR', bad === undefined ? `it compares row ${pair[0]} with itself` : `it names the row ${bad}`, {
      where: `pair ${index} of the token batch`,
      expected: `two different rows from 0 to ${responses.length - 1}`,
      remedy: 'pairs hold places in `prompts` and `responses` of the same batch',
    });
  });
  if (temperature > 0 && Number.isFinite(temperature)) return;
  throw new PolicyError('POLICY_TEMPERATURE', `the temperature is ${temperature}`, { where: 'token batch', expected: 'a positive number' });
}
