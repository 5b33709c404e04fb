import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '@expctr/core';
import { requireReader, runReaderCheck, type Reader, type ReaderCheckResult, type ScoreAnswers } from '@expctr/rewards';
import { ConfigError } from '../config/resolve.js';
import { nearestName } from '../config/nearest-name.js';
import { createFittingReader, formUnavailable } from './fitting-reader.js';
import { stopIfInterrupted } from './interrupt.js';
import { warn, type Parts } from './parts.js';

/** Log-probabilities of the answer strings by the base model, adapter off. */
export function answerScorer({ policy, tokenizer }: Pick<Parts, 'policy' | 'tokenizer'>): ScoreAnswers {
  return async (prompts, { yes, no }) => {
    const answers = [tokenizer.encodeText(yes), tokenizer.encodeText(no)];
    const scores = await policy.scoreAnswers(
      prompts.map((prompt) => tokenizer.encode(prompt)),
      prompts.map(() => answers),
      { adapter: null },
    );
    return scores.map(([yesScore, noScore]) => ({ yes: yesScore!, no: noScore! }));
  };
}

/**
 * Reader check (before any PPO): measures whether the base model can read, in which form of the LC prompt, and makes the
 * reader in that form.
 * @throws RewardError `READER_CANNOT_READ` where it cannot and `reader.onFail` is `stop`
 */
export async function checkedReader(parts: Parts): Promise<Reader> {
  const { config, checkpoints, folder, templates } = parts;
  const readerIn = (form: string): Promise<Reader> =>
    createFittingReader(parts, { template: templates.lc, form, scoreAnswers: answerScorer(parts), calibrate: config.reader.calibrate });

  const path = folder.checkpoint('reader.json');
  await checkpoints.once('reader-check', async () => {
    const result = await measure(parts, readerIn);
    report(parts, result);
    if (config.reader.onFail === 'stop') requireReader(result);
    await writeFileAtomic(path, `${JSON.stringify({ form: result.chosen })}\n`);
  });
  const { form } = JSON.parse(await readFile(path, 'utf8')) as { form: string };
  return readerIn(form);
}

async function measure(parts: Parts, readerIn: (form: string) => Promise<Reader>): Promise<ReaderCheckResult<string>> {
  const { config, rng, templates, progress, signal } = parts;
  const forms = wantedForms(parts);
  const task = progress.begin('reader check', forms.length, 'forms');
  let done = 0;
  const result = await runReaderCheck({
    forms,
    async readerFor(form) {
      stopIfInterrupted(signal);
      const unavailable = formUnavailable(parts, templates.lc, form);
      if (unavailable === undefined) return readerIn(form);
      done += 1;
      return { unavailable };
    },
    rng: rng.fork('reader-check'),
    threshold: config.reader.threshold,
    stripVerdict: config.reader.stripVerdict,
    statements: parts.statements,
    onForm: ({ form, aucGate }) => task.update((done += 1), `${form} ${aucGate.toFixed(3)}`),
  });
  task.done(`${result.chosen} chosen`);
  return result;
}

function wantedForms({ config, templates }: Parts): string[] {
  const names = Object.keys(templates.lc.forms);
  if (config.reader.form === 'auto') return names;
  if (names.includes(config.reader.form)) return [config.reader.form];
  const near = nearestName(config.reader.form, names);
  throw new ConfigError('CONFIG_INVALID', `the LC template has no form "${config.reader.form}"`, {
    where: 'reader.form',
    expected: `auto or one of ${names.join(', ')}`,
    remedy: near ? `write reader.form=${near}` : 'choose one of these',
  });
}

function report(parts: Parts, { chosen, passed, threshold, forms, skipped }: ReaderCheckResult<string>): void {
  const { checkpoints, progress } = parts;
  checkpoints.log.write({ event: 'reader-check', chosen, passed, threshold, forms, skipped });
  for (const result of forms) {
    const interval = (bounds: readonly [number, number]): string => `[${bounds[0].toFixed(3)}, ${bounds[1].toFixed(3)}]`;
    progress.say(
      `  ${result.form === chosen ? '*' : ' '} ${result.form.padEnd(14)} AUC of reasons ${result.aucReasons.toFixed(3)} ${interval(result.aucReasonsInterval)}, of verdicts ${result.aucVerdict.toFixed(3)} ${interval(result.aucVerdictInterval)}`,
    );
  }
  for (const { form, reason } of skipped) progress.say(`    ${form.padEnd(14)} skipped: ${reason}`);
  if (!passed) {
    warn(
      parts,
      'READER_CANNOT_READ',
      `the reader cannot tell reasons for from reasons against (AUC below ${threshold}): its reward is close to noise`,
    );
  }
}
