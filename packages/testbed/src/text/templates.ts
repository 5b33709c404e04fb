import { explanationTemplateSchema, lcTemplateSchema, type CountedFormat, type ExplanationTemplate, type LcTemplate } from '@expctr/data';
import { NEWCOMER, sayClaim } from './phrases.js';

/** An item is its attribute values: `mystery quest grim castle pirate`. Titles give nothing away here, and cost tokens. */
const item = {
  text: '{attributes}',
  attributes: '{list}',
  attribute: '{values}',
  attributeSeparator: ' ',
  valueSeparator: ' ',
  untitled: 'untitled',
};
const list = { entry: '{item}', separator: ' ', empty: 'none' };

/** Every value that was met, by its balance: so a value that never was can be related to its kin in one look. */
const profile = {
  group: '{balance} {values}',
  balances: { loved: 'loved', liked: 'liked', mixed: 'mixed', disliked: 'disliked', hated: 'hated' },
  separator: ' ',
  valueSeparator: ' ',
  empty: NEWCOMER,
};

/** The same words as an explanation's. */
const counted: CountedFormat = {
  loved: sayClaim('{value}', 2),
  liked: sayClaim('{value}', 1),
  mixed: null,
  disliked: sayClaim('{value}', -1),
  hated: sayClaim('{value}', -2),
};

/** Words that only the templates write. */
const delimiters = ['why:', 'item', 'because'];
const verdictPatterns = ['\\b(?:yes|no|chosen)\\b'];

/**
 * How the testbed's model is asked for an explanation: `loved grim horror liked … hated castle item mystery quest grim castle pirate why:`.
 * It answers with up to five claims: `grim delights them. castle repels them.` That nothing stands out is not read: else a policy learns
 * to say only that, for it is never wrong.
 */
export const testbedExplanationTemplate: ExplanationTemplate = explanationTemplateSchema.parse({
  kind: 'explanation',
  version: 1,
  name: 'testbed',
  item,
  list,
  profile,
  counted,
  forms: { completion: { text: '{profile} item {target} why:' } },
  stop: [],
  delimiters,
  fieldNames: [],
  verdictPatterns,
  notePatterns: ['\\bnothing stands out\\b'],
} satisfies ExplanationTemplate);

/** How the testbed's model reads: `item mystery quest grim castle pirate because grim delights them. chosen? yes`. */
export const testbedLcTemplate: LcTemplate = lcTemplateSchema.parse({
  kind: 'lc',
  version: 1,
  name: 'testbed',
  item,
  list,
  profile,
  withHistory: false,
  history: '{profile} ',
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
