import { explanationTemplateSchema, lcTemplateSchema, type ExplanationTemplate, type LcTemplate } from '@expctr/data';

/** An item is its attribute values: `mystery exile grim castle harrow`. Titles give nothing away here, and cost tokens. */
const item = {
  text: '{attributes}',
  attributes: '{list}',
  attribute: '{values}',
  attributeSeparator: ' ',
  valueSeparator: ' ',
  untitled: 'untitled',
};
const list = { entry: '{item}', separator: ' ', empty: 'none' };

/**
 * The labels stand before their value, so that the value's own position can sum them up, and whoever writes that value later finds
 * the sum under the same word.
 */
const evidence = {
  entry: '{labels} {value}',
  separator: ' ',
  liked: 'liked',
  disliked: 'disliked',
  none: 'new',
  labelSeparator: ' ',
  limit: 4,
};

/** Words that only the templates write. */
const delimiters = ['why:', 'item', 'because'];
const verdictPatterns = ['\\b(?:yes|no|chosen)\\b'];

/**
 * How the testbed's model is asked for an explanation: `liked liked disliked grim new castle … why:`. It answers with notes on
 * each attribute, which are not read, and then with reasons: `grim liked castle new … noted. grim delights them.` That nothing stands
 * out is not read either: else a policy learns to say only that, for it is never wrong.
 */
export const testbedExplanationTemplate: ExplanationTemplate = explanationTemplateSchema.parse({
  kind: 'explanation',
  version: 1,
  name: 'testbed',
  item,
  list,
  evidence,
  forms: { completion: { text: '{evidence} why:' } },
  stop: [],
  delimiters,
  fieldNames: [],
  verdictPatterns,
  notePatterns: ['\\b(?:loved|liked|hated|disliked|mixed|new|noted)\\b', '\\bnothing stands out\\b'],
} satisfies ExplanationTemplate);

/** How the testbed's model reads: `item mystery exile grim castle harrow because grim delights them. chosen? yes`. */
export const testbedLcTemplate: LcTemplate = lcTemplateSchema.parse({
  kind: 'lc',
  version: 1,
  name: 'testbed',
  item,
  list,
  evidence,
  withHistory: false,
  history: '{evidence} ',
  forms: {
    question: {
      form: 'completion',
      text: '{history}item {item} because {explanation} chosen?',
      answers: { yes: ' yes', no: ' no' },
      question: 'chosen?',
      fieldNames: [],
      delimiters,
    },
  },
  verdictPatterns,
  contentFree: [],
} satisfies LcTemplate);
