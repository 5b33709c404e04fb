import { buildFeatures, type BuildFeaturesParameters, type Features } from '@expctr/ctr-models';
import { rowsOf, type Interactions, type Items } from '@expctr/data';

/** Rows that a CTR model is fitted on: the CTR slice, whose labels the policy has not seen, or the whole train split. */
export type FitRows = 'ctr' | 'train';

/** h(u, i) of every interaction by the rows that vocabularies are fitted on, built once a run. */
export type FeatureStore = (fit: FitRows) => Features;

/**
 * The same features for every predictor: IDs, item attributes and the history, so that predictors differ in their vectors alone.
 * @param history in which further forms the history enters
 */
export function createFeatureStore(
  interactions: Interactions,
  items: Items,
  history: Pick<BuildFeaturesParameters, 'events' | 'evidence'>,
): FeatureStore {
  const built = new Map<FitRows, Features>();
  return (fit) => {
    const known =
      built.get(fit) ??
      buildFeatures({ interactions, items, rows: interactions.interactionId, ...history, fitRows: fitRows(interactions, fit) });
    built.set(fit, known);
    return known;
  };
}

/** The interactions that a name stands for. */
export function fitRows(interactions: Interactions, fit: FitRows): Uint32Array {
  return fit === 'ctr' ? rowsOf(interactions, 'train', 'ctr') : rowsOf(interactions, 'train');
}
