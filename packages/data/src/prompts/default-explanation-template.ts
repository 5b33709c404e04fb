import { defaultVerdictPatterns } from './default-verdict-patterns.js';
import { explanationTemplateSchema, type ExplanationTemplate } from './explanation-template.js';

const QUESTION = [
  'Think step by step about the reasons why this user would or would not choose the target movie:',
  'what the movies they liked have in common, what the movies they disliked have in common, and which of it the target movie shares.',
  'Name those movies and genres. Give reasons only and do not say whether they would choose it.',
  'Write one short paragraph without line breaks.',
].join(' ');

const LISTS =
  'Movies this user liked, oldest first:\n{liked}\n\nMovies this user disliked, oldest first:\n{disliked}\n\nTarget movie: {target}';

/** The default explanation prompt: step-by-step reasons for or against the target, from what the user liked and disliked. */
export const defaultExplanationTemplate: ExplanationTemplate = explanationTemplateSchema.parse({
  kind: 'explanation',
  version: 1,
  name: 'default',
  item: {
    text: '"{title}"{attributes}',
    attributes: ' ({list})',
    attribute: '{name}: {values}',
    attributeSeparator: '; ',
    valueSeparator: ', ',
    untitled: 'untitled',
  },
  list: { entry: '- {item}', separator: '\n', empty: '- (none yet)' },
  forms: {
    chat: { messages: [{ role: 'user', content: `${LISTS}\n\n${QUESTION}` }] },
    completion: { text: `${LISTS}\n\n${QUESTION}\n\nAnalysis:` },
  },
  stop: ['\n'],
  delimiters: [
    'Target movie:',
    'Movies this user liked',
    'Movies this user disliked',
    '<|im_start|>',
    '<|im_end|>',
    '<|endoftext|>',
    '</s>',
  ],
  fieldNames: ['Analysis:'],
  verdictPatterns: [...defaultVerdictPatterns],
} satisfies ExplanationTemplate);
