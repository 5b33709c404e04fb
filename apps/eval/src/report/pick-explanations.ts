import { createRng } from '@expctr/core';
import { historyOf, itemText, type Explanations, type ItemText } from '@expctr/data';
import { FINAL, P_LC, POST_HOC } from '@expctr/run';
import { positions } from '../read/positions.js';
import type { RunData } from '../read/run-data.js';

/** One explanation as the report shows it. */
export interface ShownText {
  readonly generated: string;
  readonly read: string;
  readonly cut: boolean;
  /** p_LC of this explanation; null where the run did not store it. */
  readonly lc: number | null;
}

/** One interaction with the explanations of the trained policy and of the base model. */
export interface ShownInteraction {
  readonly interactionId: number;
  readonly split: 'train' | 'valid' | 'test';
  readonly item: ItemText;
  readonly liked: readonly string[];
  readonly disliked: readonly string[];
  readonly label: number;
  readonly trained: ShownText;
  readonly postHoc: ShownText;
  /** Probabilities of CTR models by name; only for test rows. */
  readonly click: Readonly<Record<string, number>>;
}

const splits = ['train', 'valid', 'test'] as const;
const shownHistory = 4;

/**
 * Interactions that both policies explained: test rows first, then validation and train rows, drawn with a fixed seed and shown
 * in the order of their ids. Nothing is chosen by how it looks.
 */
export function pickExplanations({ interactions, items, predictions, explanations }: RunData, wanted = 30): ShownInteraction[] {
  const [final, postHoc] = [explanations.get(FINAL), explanations.get(POST_HOC)];
  if (final === undefined || postHoc === undefined) return [];
  const [trainedAt, baseAt] = [positions(final), positions(postHoc)];
  const common = [...trainedAt.keys()].filter((id) => baseAt.has(id) && id < interactions.length).sort((a, b) => a - b);
  const rng = createRng('expctr-eval').fork('explanations');
  const bySplit = [2, 1, 0].flatMap((split) => rng.fork(split).shuffle(common.filter((id) => interactions.split[id] === split)));
  const testRow = new Map(Array.from(predictions.interactionId, (id, row) => [id, row]));

  return bySplit
    .slice(0, wanted)
    .sort((a, b) => a - b)
    .map((id) => {
      const row = testRow.get(id);
      const predicted = (model: string): number | null => (row === undefined ? null : (predictions.models.get(model)?.[row] ?? null));
      const history = [...historyOf(interactions, id)].reverse();
      const titles = (label: number): string[] =>
        history
          .filter((past) => interactions.label[past] === label)
          .slice(0, shownHistory)
          .map((past) => itemText(items, interactions.item[past] ?? 0).title);
      const ctrModels = ['expctr-aug', 'id-history', 'id-only'].map((model) => [model, predicted(model)] as const);
      return {
        interactionId: id,
        split: splits[interactions.split[id] ?? 0] ?? 'train',
        item: itemText(items, interactions.item[id] ?? 0),
        liked: titles(1),
        disliked: titles(0),
        label: interactions.label[id] ?? 0,
        trained: shown(final, trainedAt.get(id) ?? 0, predicted('expctr-llm')),
        postHoc: shown(postHoc, baseAt.get(id) ?? 0, predicted('post-hoc-llm')),
        click: Object.fromEntries(ctrModels.filter((entry): entry is [string, number] => entry[1] !== null)),
      };
    });
}

function shown(explanations: Explanations, at: number, predicted: number | null): ShownText {
  const stored = explanations.rewards[P_LC]?.[at] ?? Number.NaN;
  return {
    generated: explanations.explanation[at] ?? '',
    read: explanations.read[at] ?? '',
    cut: explanations.finishReason[at] === 'length',
    lc: predicted ?? (Number.isNaN(stored) ? null : stored),
  };
}
