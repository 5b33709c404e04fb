import type { LcTemplate } from '@expctr/data';
import { modelAnswers, requireReader, runReaderCheck, type Reader, type ReaderCheckResult } from '@expctr/rewards';
import { jsonCodec } from '@expctr/run';
import type { Config } from '../config/schema.js';
import { requireForm } from '../checks/check-templates.js';
import { createFittingReader, formUnavailable } from './fitting-reader.js';
import { stopIfInterrupted } from './interrupt.js';
import { warn, type Pipeline } from './pipeline.js';

/**
 * Reader check (before any PPO): measures whether the base model can read, in which form of the LC prompt, and makes the
 * reader in that form.
 * @throws RewardError `READER_CANNOT_READ` where it cannot and `reader.onFail` is `stop`
 */
export async function checkedReader(pipeline: Pipeline): Promise<Reader> {
  const { run, models } = pipeline;
  const { config, artifacts, folder } = run;
  const readerIn = (form: string): Promise<Reader> =>
    createFittingReader(pipeline, {
      template: models.templates.lc,
      form,
      scoreAnswers: modelAnswers(models.policy),
      calibrate: config.reader.calibrate,
    });

  const check = async (): Promise<{ form: string }> => {
    const result = await measure(pipeline, readerIn);
    report(pipeline, result);
    if (config.reader.onFail === 'stop') requireReader(result);
    return { form: result.chosen };
  };
  const { form } = await artifacts.artifact('reader-check', check, jsonCodec<{ form: string }>(folder.checkpoint('reader.json')));
  return readerIn(form);
}

async function measure(pipeline: Pipeline, readerIn: (form: string) => Promise<Reader>): Promise<ReaderCheckResult<string>> {
  const { config, rng, progress, signal } = pipeline.run;
  const { templates, statements } = pipeline.models;
  const forms = wantedForms(config, templates.lc);
  const task = progress.begin('reader check', forms.length, 'forms');
  let done = 0;
  const result = await runReaderCheck({
    forms,
    async readerFor(form) {
      stopIfInterrupted(signal);
      const unavailable = formUnavailable(pipeline, templates.lc, form);
      if (unavailable === undefined) return readerIn(form);
      done += 1;
      return { unavailable };
    },
    rng: rng.fork('reader-check'),
    threshold: config.reader.threshold,
    stripVerdict: config.reader.stripVerdict,
    statements,
    onForm: ({ form, aucGate }) => task.update((done += 1), `${form} ${aucGate.toFixed(3)}`),
  });
  task.done(`${result.chosen} chosen`);
  return result;
}

/** The forms of the LC prompt that a configuration wants tried. @throws ConfigError `CONFIG_INVALID` where the template has no such form */
export function wantedForms(config: Config, template: LcTemplate): string[] {
  const names = Object.keys(template.forms);
  requireForm('reader.form', config.reader.form, 'LC', names);
  return config.reader.form === 'auto' ? names : [config.reader.form];
}

function report({ run }: Pipeline, { chosen, passed, threshold, forms, skipped }: ReaderCheckResult<string>): void {
  const { artifacts, progress } = run;
  artifacts.log.write({ event: 'reader-check', chosen, passed, threshold, forms, skipped });
  for (const result of forms) {
    const interval = (bounds: readonly [number, number]): string => `[${bounds[0].toFixed(3)}, ${bounds[1].toFixed(3)}]`;
    progress.say(
      `  ${result.form === chosen ? '*' : ' '} ${result.form.padEnd(14)} AUC of reasons ${result.aucReasons.toFixed(3)} ${interval(result.aucReasonsInterval)}, of verdicts ${result.aucVerdict.toFixed(3)} ${interval(result.aucVerdictInterval)}`,
    );
  }
  for (const { form, reason } of skipped) progress.say(`    ${form.padEnd(14)} skipped: ${reason}`);
  if (!passed) {
    warn(
      run,
      'READER_CANNOT_READ',
      `the reader cannot tell reasons for from reasons against (AUC below ${threshold}): its reward is close to noise`,
    );
  }
}
