import { PREDICTORS } from '@expctr/data';
import { FINAL, POST_HOC } from '@expctr/run';
import type { Metrics, RunWarning } from '../figures/metrics.js';
import { FILES } from '../read/files.js';
import type { RunData } from '../read/run-data.js';

const fewUsers = 100;

/** What the log warned of, and what the figures themselves give reason to warn of. */
export function collectWarnings(run: RunData, metrics: Omit<Metrics, 'warnings'>): RunWarning[] {
  const warnings: RunWarning[] = run.log.warnings.map(({ code, message }) => ({ code, message }));
  const warn = (code: string, message: string): void => void warnings.push({ code, message });

  const absent = PREDICTORS.filter((model) => !run.predictions.models.has(model));
  if (absent.length > 0)
    warn('EVAL_PREDICTORS_ABSENT', `${FILES.predictions} lacks ${absent.join(', ')}: the comparisons with them are left out.`);
  const { testUsers = 0 } = metrics.counts;
  if (testUsers < fewUsers)
    warn('EVAL_FEW_USERS', `Only ${testUsers} users have test rows: intervals over so few users are rough, and tend to be too narrow.`);
  if (Object.values(metrics.predictors).some(({ auc }) => auc === null))
    warn('EVAL_ONE_CLASS', 'All test rows have the same label: no AUC is defined.');

  const { readerCheck, audit } = metrics;
  if (readerCheck === null)
    warn('EVAL_NO_READER_CHECK', 'The log has no reader check: whether the rewards come from a reader that can read is unknown.');
  else if (!readerCheck.passed)
    warn('EVAL_READER_FAILED', `The reader did not pass its check (form '${readerCheck.chosen}'): the LC reward may be noise.`);
  const [learned, unseen] = [audit.policy, audit.valid];
  if (learned.aucInterval !== null && unseen.aucInterval !== null && learned.aucInterval[0] > unseen.aucInterval[1]) {
    warn(
      'EVAL_AUDIT_GAP',
      `The LC predictor's AUC is ${(learned.auc ?? 0).toFixed(3)} on policy rows and ${(unseen.auc ?? 0).toFixed(3)} on validation rows, beyond their intervals: explanations of policy rows carry their labels.`,
    );
  }
  if (run.timing.length === 0) warn('EVAL_NO_TIMING', `The run has no ${FILES.timing}.`);
  for (const name of [FINAL, POST_HOC]) {
    if (!run.explanations.has(name)) warn('EVAL_NO_EXPLANATIONS', `The run has no ${FILES.explanations(name)}.`);
  }
  return warnings;
}
