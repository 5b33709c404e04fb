import type { EventField, EventsFeature } from '@expctr/ctr-models';
import { Tensor } from 'onnxruntime-node';
import { isJsonObject, quoted, typeOf, type JsonSchema } from '@expctr/app-kit/http';
import { padded, ValueFault, widest, type FeatureInput, type Vocabulary } from './input.js';
import { idsOf } from './list.js';
import { idOf, SCALAR_SCHEMA } from './scalar.js';

/** By field, the ids of each event: one a field with one value, some a field with a set. */
type EventIds = readonly (readonly (number | Int32Array)[])[];

/** Past events, oldest first: a tensor a field, int32 [batch, events] or [batch, events, values]. */
export function eventsInput(
  { name, fields, maxLength }: EventsFeature,
  vocabularyOf: (field: EventField) => Vocabulary,
): FeatureInput<EventIds> {
  const vocabularies = fields.map(vocabularyOf);
  const names = fields.map((field) => field.name);
  const event: JsonSchema = {
    type: 'object',
    properties: Object.fromEntries(
      fields.map((field) => [field.name, field.kind === 'categorical' ? SCALAR_SCHEMA : { type: 'array', items: SCALAR_SCHEMA }]),
    ),
    required: names,
    additionalProperties: false,
  };

  function eventAt(value: unknown, place: string): (number | Int32Array)[] {
    if (!isJsonObject(value)) throw new ValueFault(`it is ${typeOf(value)}`, `an object with ${names.join(', ')}`, place);
    const unknown = Object.keys(value).find((key) => !names.includes(key));
    if (unknown !== undefined) throw new ValueFault(`there is no field ${quoted(unknown)}`, names.join(', '), place);
    return fields.map((field, f) => {
      if (!Object.hasOwn(value, field.name)) throw new ValueFault('it is missing', names.join(', '), `${place}.${field.name}`);
      const at = `${place}.${field.name}`;
      const given = value[field.name];
      return field.kind === 'categorical' ? idOf(given, vocabularies[f]!, at) : idsOf(given, field, vocabularies[f]!, at);
    });
  }

  return {
    name,
    schema: { type: 'array', items: event, description: `past events, oldest first; the last ${maxLength} count` },
    encode(value) {
      if (!Array.isArray(value)) throw new ValueFault(`it is ${typeOf(value)}`, 'a list of events');
      const events = (value as unknown[]).map((each, k) => eventAt(each, `[${k}]`)).slice(-maxLength);
      return fields.map((_, f) => events.map((each) => each[f]!));
    },
    feed(rows) {
      const width = rows.reduce((most, [first]) => Math.max(most, first!.length), 1);
      const tensors = fields.map((field, f) => {
        const lists = rows.map((row) => row[f]!);
        return [
          `${name}.${field.name}`,
          field.kind === 'categorical' ? ids(lists as number[][], width) : sets(lists as Int32Array[][], width),
        ] as const;
      });
      return Object.fromEntries(tensors);
    },
  };
}

function ids(lists: readonly (readonly number[])[], width: number): Tensor {
  return new Tensor('int32', padded(lists, width), [lists.length, width]);
}

function sets(lists: readonly (readonly Int32Array[])[], width: number): Tensor {
  const values = lists.reduce((most, list) => Math.max(most, widest(list)), 1);
  const data = new Int32Array(lists.length * width * values).fill(-1);
  lists.forEach((list, row) => list.forEach((set, k) => data.set(set, (row * width + k) * values)));
  return new Tensor('int32', data, [lists.length, width, values]);
}
