import type { Metrics } from '../figures/metrics.js';
import type { Difference } from '../figures/predictors.js';
import { isGain } from '../metrics/differences.js';
import { fixed, intervalText, signed } from './format.js';

/** What a run found, in the two sentences that come first. */
export interface Headline {
  readonly sentence: string;
  readonly detail: string;
  readonly tone: 'good' | 'neutral' | 'bad';
}

/**
 * The finding. Where ExpCTR-Aug does not beat `verdict-aug`, it is that the explanations carry no more than a score, whatever else
 * the run shows; only then comes the gain over the backbone, the better of `id-only` and `id-only-full`.
 */
export function headline(metrics: Metrics): Headline {
  const aug = metrics.differences['expctr-aug'] ?? {};
  const [verdict, backbone] = [aug['verdict-aug'], aug['backbone']];
  const overBackbone = backbone === undefined ? '' : `Against the backbone (${backbone.against}) it is ${numbers(backbone)}.`;
  if (metrics.noMoreThanAScore === true) {
    const how = verdict?.aucInterval !== null && (verdict?.aucInterval[1] ?? 0) < 0 ? 'is worse than' : 'does not beat';
    return {
      sentence: `The explanations carry no more than a score: ExpCTR-Aug ${how} verdict-aug.`,
      detail: `AUC difference to verdict-aug ${numbers(verdict)}. ${overBackbone}`.trim(),
      tone: 'bad',
    };
  }
  const gain = isGain(backbone);
  if (gain === null) return { sentence: 'This run cannot say whether explanations help.', detail: unknown(metrics), tone: 'neutral' };
  if (gain) {
    return {
      sentence: `Explanations help: ExpCTR-Aug gains ${signed(backbone?.auc)} AUC over the better backbone, ${backbone?.against ?? ''}.`,
      detail: `95 % interval ${intervalText(backbone?.aucInterval, signed)}, from ${fixed(metrics.predictors[backbone?.against ?? '']?.auc)}. Difference to verdict-aug ${numbers(verdict)}.`,
      tone: metrics.noMoreThanAScore === false ? 'good' : 'neutral',
    };
  }
  const worse = (backbone?.aucInterval?.[1] ?? 0) < 0;
  return {
    sentence: worse
      ? `Explanations hurt here: ExpCTR-Aug is worse than the better backbone, ${backbone?.against ?? ''}.`
      : 'No gain over the backbone that this test set can tell from chance.',
    detail: `ExpCTR-Aug against ${backbone?.against ?? ''}: ${numbers(backbone)}. Against verdict-aug: ${numbers(verdict)}.`,
    tone: worse ? 'bad' : 'neutral',
  };
}

function numbers(difference: Difference | undefined): string {
  if (difference?.auc === undefined) return 'not measured';
  return difference.auc === null ? 'undefined' : `${signed(difference.auc)} ${intervalText(difference.aucInterval, signed)}`;
}

function unknown(metrics: Metrics): string {
  if (Object.values(metrics.predictors).some(({ auc }) => auc === null))
    return 'All test rows have the same label, so no ranking can be judged.';
  if (metrics.predictors['expctr-aug'] === undefined) return 'Its predictions have no expctr-aug.';
  if (metrics.backbone === null) return 'Its predictions have neither id-only nor id-only-full.';
  return 'Too few users have test rows for an interval.';
}
