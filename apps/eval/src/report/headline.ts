import type { Metrics } from '../figures/metrics.js';
import type { Difference } from '../figures/predictors.js';
import { fixed, intervalText, signed } from './format.js';

/** What a run found, in the two sentences that come first. */
export interface Headline {
  readonly sentence: string;
  readonly detail: string;
  readonly tone: 'good' | 'neutral' | 'bad';
}

/** Where a difference stands to 0: beyond it with its whole interval, or not. */
export type Standing = 'above' | 'level' | 'below';

const NO_MORE = 'The explanations carry no more than a score.';

/**
 * The finding: the strongest opponent by name, the difference to it, and whether that is told apart from none. Where ExpCTR-Aug does not
 * beat `verdict-aug`, the same line says that its explanations carry no more than a score, however it stands otherwise.
 */
export function headline(metrics: Metrics): Headline {
  const aug = metrics.differences['expctr-aug'] ?? {};
  const [opponent, verdict] = [aug['opponent'], aug['verdict-aug']];
  const standing = standingOf(opponent);
  if (opponent === undefined || standing === null) {
    return { sentence: 'This run cannot say whether explanations help.', detail: unknown(metrics), tone: 'neutral' };
  }
  const noMore = metrics.noMoreThanAScore === true;
  const against = `its strongest opponent, ${opponent.against}: ${numbers(opponent)}`;
  const sentence = {
    above: `${noMore ? '' : 'Explanations help: '}ExpCTR-Aug is above ${against}.`,
    level: `ExpCTR-Aug is level with ${against}, not told apart at this size.`,
    below: `Explanations do not help here: ExpCTR-Aug is below ${against}.`,
  }[standing];
  const tone = {
    above: noMore ? ('neutral' as const) : ('good' as const),
    level: noMore ? ('bad' as const) : ('neutral' as const),
    below: 'bad' as const,
  };
  return {
    sentence: noMore ? `${sentence} ${NO_MORE}` : sentence,
    detail: `AUC ${fixed(metrics.predictors['expctr-aug']?.auc)} against ${fixed(metrics.predictors[opponent.against]?.auc)}. Against verdict-aug, the reader’s number alone: ${verdict === undefined ? 'not measured' : numbers(verdict)}.`,
    tone: tone[standing],
  };
}

/** Where a difference stands; null where it has no interval. */
export function standingOf(difference: Difference | undefined): Standing | null {
  const interval = difference?.aucInterval ?? null;
  if (interval === null) return null;
  return interval[0] > 0 ? 'above' : interval[1] < 0 ? 'below' : 'level';
}

function numbers({ auc, aucInterval }: Difference): string {
  return auc === null ? 'undefined' : `${signed(auc)} AUC ${intervalText(aucInterval, signed)}`;
}

function unknown({ predictors, strongestOpponent }: Metrics): string {
  if (Object.values(predictors).some(({ auc }) => auc === null)) return 'All test rows have the same label, so no ranking can be judged.';
  if (predictors['expctr-aug'] === undefined) return 'Its predictions have no expctr-aug.';
  if (strongestOpponent === null) return 'Its predictions have nothing that expctr-aug could be held against.';
  return 'Too few users have test rows for an interval.';
}
