import type { NumericFeature } from '@expctr/ctr-models';
import { Tensor } from 'onnxruntime-node';
import { typeOf } from '@expctr/app-kit/http';
import { ValueFault, type FeatureInput } from './input.js';

/** A number as the data has it: float32 [batch], NaN for a missing one. */
export function numberInput({ name, missing }: NumericFeature): FeatureInput<number> {
  const expected = missing === 'mean' ? 'a number, or null where it is not known' : 'a number';
  return {
    name,
    schema: { type: missing === 'mean' ? ['number', 'null'] : 'number' },
    encode(value) {
      if (value === null && missing === 'mean') return NaN;
      if (typeof value !== 'number') throw new ValueFault(`it is ${typeOf(value)}`, expected);
      // JSON has no NaN, and reads 1e999 as infinity
      if (!Number.isFinite(Math.fround(value))) throw new ValueFault(`${value} is beyond what float32 holds`, expected);
      return value;
    },
    feed: (values) => ({ [name]: new Tensor('float32', Float32Array.from(values), [values.length]) }),
  };
}
