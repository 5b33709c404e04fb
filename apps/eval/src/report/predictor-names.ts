import type { Predictor } from '@expctr/data';

/** What a predictor is, in a line. */
export interface PredictorName {
  readonly group: (typeof groups)[number];
  readonly description: string;
  /** A result of the method itself: its bars are drawn in the accent color. */
  readonly isResult?: boolean;
}

const groups = ['Backbone', 'Explanation as a feature', 'Controls', 'Language model alone', 'Others'] as const;

/** In the order in which they are shown within their groups. */
const names: Readonly<Record<Predictor, PredictorName>> = {
  'id-only': { group: 'Backbone', description: 'IDs, attributes and history as pooled ids; trained on the CTR slice' },
  'id-only-full': { group: 'Backbone', description: 'the same, trained on the whole train split' },
  'id-history': { group: 'Backbone', description: 'knows the history in numbers, too: what all vectors below are added to' },
  'expctr-aug': {
    group: 'Explanation as a feature',
    description: 'id-history with the vector of the trained policy’s explanation',
    isResult: true,
  },
  'post-hoc-aug': { group: 'Explanation as a feature', description: 'the same with the base model’s explanation' },
  'verdict-aug': { group: 'Controls', description: 'one number, p_LC, in place of the vector' },
  'icl-aug': { group: 'Controls', description: 'one number, what the base model makes of the history without an explanation' },
  'template-aug': { group: 'Controls', description: 'vector of what the history counts, said by a template' },
  'shuffled-aug': { group: 'Controls', description: 'another interaction’s vector' },
  'item-text-aug': { group: 'Controls', description: 'vector of the raw item text' },
  'prompt-text-aug': { group: 'Controls', description: 'vectors of the prompt: liked, disliked, target' },
  'expctr-llm': { group: 'Language model alone', description: 'p_LC after the trained policy’s explanation', isResult: true },
  'post-hoc-llm': { group: 'Language model alone', description: 'p_LC after the base model’s explanation' },
  icl: { group: 'Language model alone', description: 'base model, history in the prompt, no explanation' },
};

const own: PredictorName = { group: 'Others', description: 'this run’s own, not one of the method' };

/** What a predictor is; a user's own stand among `Others`. */
export function predictorName(model: string): PredictorName {
  return isKnown(model) ? names[model] : own;
}

const isKnown = (model: string): model is Predictor => Object.hasOwn(names, model);

/** Models by group, in a fixed order: a table that is sorted by a figure would rank what intervals do not tell apart. */
export function groupedModels(models: readonly string[]): { readonly group: string; readonly models: string[] }[] {
  const ordered = [...Object.keys(names).filter((model) => models.includes(model)), ...models.filter((model) => !isKnown(model))];
  return groups
    .map((group) => ({ group, models: ordered.filter((model) => predictorName(model).group === group) }))
    .filter((entry) => entry.models.length > 0);
}
