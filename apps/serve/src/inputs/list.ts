import type { MultiValuedFeature, SequenceFeature } from '@expctr/ctr-models';
import { Tensor } from 'onnxruntime-node';
import { typeOf } from '@expctr/app-kit/http';
import { padded, ValueFault, widest, type FeatureInput, type Vocabulary } from './input.js';
import { idOf, SCALAR_SCHEMA } from './scalar.js';

/** A list of values of a table: int32 [batch, longest]. Of too many the newest of a sequence count, the first of a set. */
export function listInput(feature: MultiValuedFeature | SequenceFeature, vocabulary: Vocabulary): FeatureInput<Int32Array> {
  const { name, kind, maxLength } = feature;
  const which = kind === 'sequence' ? 'oldest first; the last' : 'of which the first';
  return {
    name,
    schema: { type: 'array', items: SCALAR_SCHEMA, description: `values, ${which} ${maxLength} count` },
    encode: (value) => idsOf(value, feature, vocabulary),
    feed(lists) {
      const width = widest(lists);
      return { [name]: new Tensor('int32', padded(lists, width), [lists.length, width]) };
    },
  };
}

/** Ids of a list, cut to what counts. @throws ValueFault */
export function idsOf(
  value: unknown,
  { kind, maxLength }: Pick<MultiValuedFeature | SequenceFeature, 'kind' | 'maxLength'>,
  vocabulary: Vocabulary,
  place = '',
): Int32Array {
  if (!Array.isArray(value)) throw new ValueFault(`it is ${typeOf(value)}`, 'a list', place);
  const ids = Int32Array.from(value as unknown[], (entry, k) => idOf(entry, vocabulary, `${place}[${k}]`));
  return kind === 'sequence' ? ids.subarray(Math.max(0, ids.length - maxLength)) : ids.subarray(0, maxLength);
}
