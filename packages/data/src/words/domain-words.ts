import { NEUTRAL, neutralExamples } from './domains/neutral.js';
import type { Domain, Words } from './words.js';

/** The words of a domain, without options and without looking at rows: where it has no examples of its own they are neutral. */
export function wordsOfDomain({ name, examples, ...own }: Domain): Words {
  const verbs = { ...NEUTRAL, ...own };
  return {
    schema: 'words/1',
    domain: name,
    ...verbs,
    units: own.units ?? {},
    examplesFrom: examples === undefined ? 'neutral' : 'domain',
    examples: examples ?? neutralExamples(verbs),
  };
}
