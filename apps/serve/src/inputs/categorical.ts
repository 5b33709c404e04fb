import type { CategoricalFeature } from '@expctr/ctr-models';
import { Tensor } from 'onnxruntime-node';
import type { FeatureInput, Vocabulary } from './input.js';
import { idOf, SCALAR_SCHEMA } from './scalar.js';

/** One value of a table: int32 [batch]. */
export function categoricalInput({ name }: CategoricalFeature, vocabulary: Vocabulary): FeatureInput<number> {
  return {
    name,
    schema: { ...SCALAR_SCHEMA, description: vocabulary.description },
    encode: (value) => idOf(value, vocabulary),
    feed: (ids) => ({ [name]: new Tensor('int32', Int32Array.from(ids), [ids.length]) }),
  };
}
