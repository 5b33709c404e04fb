import type { Metrics } from '../figures/metrics.js';
import type { Difference } from '../figures/predictors.js';
import { standingOf, type Standing } from '../metrics/differences.js';
import { fixed, intervalText, signed } from './format.js';

/** What a run found, in the two sentences that come first. */
export interface Headline {
  readonly sentence: string;
  readonly detail: string;
  readonly tone: 'good' | 'neutral' | 'bad';
}

/**
 * The finding: the strongest opponent by name, the difference to it, and whether that is told apart from none. Where it is not, there is
 * no verdict, only that. Whether the explanations carry more than a score (beat `verdict-aug`) is said where it is told apart, and
 * where ExpCTR-Aug is above its opponent and it is not, that it is not.
 */
export function headline(metrics: Metrics): Headline {
  const aug = metrics.differences['expctr-aug'] ?? {};
  const [opponent, verdict] = [aug['opponent'], aug['verdict-aug']];
  const standing = standingOf(opponent);
  if (opponent === undefined || standing === null) {
    return { sentence: 'This run cannot say whether explanations help.', detail: unknown(metrics), tone: 'neutral' };
  }
  const beyondScore = standingOf(verdict);
  const helps = beyondScore === 'above' || beyondScore === null;
  const against = `its strongest opponent, ${opponent.against}`;
  const [sentence, tone] = {
    above: [
      `${helps ? 'Explanations help: ' : ''}ExpCTR-Aug is above ${against}: ${numbers(opponent)}.`,
      helps ? ('good' as const) : ('neutral' as const),
    ] as const,
    level: [
      `Not told apart at this size: ExpCTR-Aug and ${against}: ${numbers(opponent)}.`,
      beyondScore === 'below' ? ('bad' as const) : ('neutral' as const),
    ] as const,
    below: [`Explanations do not help here: ExpCTR-Aug is below ${against}: ${numbers(opponent)}.`, 'bad' as const] as const,
  }[standing];
  return {
    sentence: [sentence, ...aboutScore(standing, beyondScore)].join(' '),
    detail: `AUC ${fixed(metrics.predictors['expctr-aug']?.auc)} against ${fixed(metrics.predictors[opponent.against]?.auc)}. Against verdict-aug, the reader’s number alone: ${verdict === undefined ? 'not measured' : numbers(verdict)}.`,
    tone,
  };
}

/** What the first line says of explanations against the reader's number alone. */
function aboutScore(standing: Standing, beyondScore: Standing | null): string[] {
  if (beyondScore === 'below') return ['The explanations carry no more than a score.'];
  if (beyondScore === 'level' && standing === 'above')
    return ['Whether its explanations carry more than a score is not told apart at this size.'];
  return [];
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
