import { inWords } from '../words/in-words.js';
import { wordsOfDomain } from '../words/domain-words.js';
import { movies } from '../words/domains/movies.js';
import { defaultItemFormat, defaultListFormat } from './default-formats.js';
import { verdictPatterns } from './default-verdict-patterns.js';
import { explanationTemplateSchema, type ExplanationTemplate } from './explanation-template.js';

const QUESTION =
  'Step by step, give the reasons why this user would or would not {choose} this {noun}, from what they {didLike} and {didDislike}. ' +
  'Give reasons only and do not say whether they would {choose} it. Write one short paragraph.';

const LEAD = 'Each analysis gives, step by step, the reasons why a user would or would not {choose} {aNoun}.';

const ASKED = '{DidLike}: {liked}\n{DidDislike}: {disliked}\n{Noun}: {target}';

/**
 * One solved example: models of the smallest sizes follow an example far better than an instruction. It gives one reason for
 * and one against, so that it leans to neither side.
 */
const EXAMPLE = '{DidLike}: {exampleLiked}\n{DidDislike}: {exampleDisliked}\n{Noun}: {exampleTarget}';

/**
 * The built-in explanation prompt: step-by-step reasons for or against the target, from what the user liked and disliked. It has slots
 * for the words of a dataset, which {@link inWords} fills.
 */
export const slottedExplanationTemplate: ExplanationTemplate = explanationTemplateSchema.parse({
  kind: 'explanation',
  version: 1,
  name: 'default',
  item: defaultItemFormat,
  list: defaultListFormat,
  forms: {
    chat: {
      messages: [
        { role: 'user', content: `${EXAMPLE}\n\n${QUESTION}` },
        { role: 'assistant', content: '{exampleAnalysis}' },
        { role: 'user', content: `${ASKED}\n\n${QUESTION}` },
      ],
    },
    completion: {
      text: `${LEAD}\n\n${EXAMPLE}\nAnalysis: {exampleAnalysis}\n\n${ASKED}\nAnalysis:`,
      shortText: `${LEAD}\n\n${ASKED}\nAnalysis:`,
    },
  },
  stop: ['\n'],
  delimiters: [
    'Target {noun}:',
    '{Nouns} this user {didLike}',
    '{Nouns} this user {didDislike}',
    '<|im_start|>',
    '<|im_end|>',
    '<|endoftext|>',
    '</s>',
  ],
  fieldNames: ['Analysis:'],
  verdictPatterns: [...verdictPatterns],
} satisfies ExplanationTemplate);

/** The built-in explanation prompt in the words of movies. For other data, fill {@link slottedExplanationTemplate} with its words. */
export const defaultExplanationTemplate: ExplanationTemplate = inWords(slottedExplanationTemplate, wordsOfDomain(movies));
