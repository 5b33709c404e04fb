/** What a predictor is, in a line. */
export interface PredictorName {
  readonly group: string;
  readonly description: string;
}

const names: Readonly<Record<string, PredictorName>> = {
  'id-only': { group: 'Backbone', description: 'IDs, attributes and history; trained on the CTR slice' },
  'id-only-full': { group: 'Backbone', description: 'the same, trained on the whole train split' },
  'expctr-aug': { group: 'Explanation as a feature', description: 'CTR model with the vector of the trained policy’s explanation' },
  'post-hoc-aug': { group: 'Explanation as a feature', description: 'the same with the base model’s explanation' },
  'verdict-aug': { group: 'Controls', description: 'one number, p_LC, in place of the vector' },
  'shuffled-aug': { group: 'Controls', description: 'another interaction’s vector' },
  'item-text-aug': { group: 'Controls', description: 'vector of the raw item text' },
  'prompt-text-aug': { group: 'Controls', description: 'vectors of the prompt: liked, disliked, target' },
  'expctr-llm': { group: 'Language model alone', description: 'p_LC after the trained policy’s explanation' },
  'post-hoc-llm': { group: 'Language model alone', description: 'p_LC after the base model’s explanation' },
  icl: { group: 'Language model alone', description: 'base model, history in the prompt, no explanation' },
};

const groups = ['Backbone', 'Explanation as a feature', 'Controls', 'Language model alone', 'Others'];

/** What a predictor is; a user's own stand among `Others`. */
export function predictorName(model: string): PredictorName {
  return (Object.hasOwn(names, model) ? names[model] : undefined) ?? { group: 'Others', description: '' };
}

/** Models by group, in a fixed order: a table that is sorted by a figure would rank what intervals do not tell apart. */
export function groupedModels(models: readonly string[]): { readonly group: string; readonly models: string[] }[] {
  const known = Object.keys(names).filter((model) => models.includes(model));
  const own = models.filter((model) => !Object.hasOwn(names, model));
  const ordered = [...known, ...own];
  return groups
    .map((group) => ({ group, models: ordered.filter((model) => predictorName(model).group === group) }))
    .filter((entry) => entry.models.length > 0);
}
