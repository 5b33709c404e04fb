import { REFUSALS } from '../errors.js';
import { SOURCES } from '../explain/find-text.js';
import type { JsonSchema } from '@expctr/app-kit/http';
import { USES } from '../predict/predict.js';

const object = (properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const text: JsonSchema = { type: 'string' };
const textOrNull: JsonSchema = { type: ['string', 'null'] };
const probability: JsonSchema = { type: 'number', minimum: 0, maximum: 1 };
const probabilityOrNull: JsonSchema = { type: ['number', 'null'], minimum: 0, maximum: 1 };
const attributes: JsonSchema = { type: 'object', additionalProperties: list(text) };

/** What every answer and request but the rows of features looks like, whatever is served. */
export const shapes: Readonly<Record<string, JsonSchema>> = {
  Error: object({
    error: object({ code: { enum: Object.keys(REFUSALS) }, what: text, where: text, expected: text, remedy: text }, [
      'where',
      'expected',
      'remedy',
    ]),
  }),
  Model: object({ predictor: textOrNull, version: text }),
  User: {
    anyOf: [
      { ...text, description: 'the id of a user of the run' },
      object({ id: text, history: list(object({ item: ref('Item'), liked: { type: 'boolean' } })) }, ['id', 'history']),
    ],
    description:
      'A user of the run by its id, or any user by a history, oldest first. An id that the run has not seen is unknown to the model.',
  },
  Item: {
    anyOf: [
      { ...text, description: 'the id of an item of the run' },
      object(
        {
          id: text,
          title: text,
          attributes,
          year: { type: 'number' },
          numbers: { type: 'object', additionalProperties: { type: 'number' } },
        },
        ['id', 'title', 'attributes', 'year', 'numbers'],
      ),
    ],
    description: 'An item of the run by its id, or any item by its attributes. An id that the run has not seen is unknown to the model.',
  },
  PairRow: object({ user: ref('User'), item: ref('Item') }),
  FeatureRow: object({ features: ref('Features') }),
  PredictRequest: object(
    {
      rows: list({ anyOf: [ref('FeatureRow'), ref('PairRow')] }),
      explanation: {
        enum: USES,
        description:
          'What is given of a pair to a model that takes explanations: the one that the run wrote, where it wrote one (the default); one from wherever it can be had, else the request is refused; none.',
      },
    },
    ['explanation'],
  ),
  PredictAnswer: object({
    model: ref('Model'),
    probabilities: list(probability),
    explanations: list({
      enum: ['stored', 'generated', 'nothing', null],
      description: 'by what a pair was predicted; null for a row of features',
    }),
  }),
  ExplainRequest: object(
    {
      user: ref('User'),
      item: ref('Item'),
      source: { enum: SOURCES, description: 'where the explanation may come from: the run, the language model, or whichever has one' },
      stream: { type: 'boolean', description: 'answer with server-sent events; so does Accept: text/event-stream' },
    },
    ['source', 'stream'],
  ),
  Explanation: object({
    text,
    read: { ...text, description: 'what of it the model was given' },
    source: { enum: ['stored', 'generated'] },
    readerProbability: { ...probabilityOrNull, description: 'what the reader made of it; null where it was not asked' },
    cached: { type: 'boolean', description: 'whether the language model wrote it for an earlier request' },
  }),
  Prediction: object({
    withExplanation: { ...probabilityOrNull, description: 'null for a model that takes no explanations' },
    withoutExplanation: probability,
  }),
  PlainItem: object({ item: textOrNull, title: text, attributes, year: { type: ['number', 'null'] } }),
  EvidenceItem: object({ item: textOrNull, title: text, attributes, year: { type: ['number', 'null'] }, shared: attributes }),
  Evidence: object({ target: ref('PlainItem'), liked: list(ref('EvidenceItem')), disliked: list(ref('EvidenceItem')) }),
  ExplainAnswer: object({ model: ref('Model'), explanation: ref('Explanation'), prediction: ref('Prediction'), evidence: ref('Evidence') }),
  Users: object({ total: { type: 'integer' }, users: list(object({ id: text })) }),
  Items: object({ total: { type: 'integer' }, items: list(object({ id: text, title: text, explained: { type: 'boolean' } })) }),
  Health: object({
    status: { enum: ['ok', 'stopping'] },
    model: ref('Model'),
    reload: { anyOf: [object({ outcome: { enum: ['served', 'same', 'refused'] }, code: textOrNull }), { type: 'null' }] },
  }),
};
