import type { DenseFeature } from '@expctr/ctr-models';
import { Tensor } from 'onnxruntime-node';
import { typeOf } from '@expctr/app-kit/http';
import { ValueFault, type FeatureInput } from './input.js';

/** A vector: float32 [batch, dimension]. Null is the mean of the training rows: what the model says without knowing it. */
export function vectorInput({ name, dimension, mean }: DenseFeature): FeatureInput<Float32Array> {
  const unknown = Float32Array.from(mean);
  const expected = `${dimension} numbers, or null for a vector that is not known`;
  return {
    name,
    schema: {
      type: ['array', 'null'],
      items: { type: 'number' },
      minItems: dimension,
      maxItems: dimension,
      description: 'null stands for the mean of the training rows: a prediction without knowing the vector',
    },
    encode(value) {
      if (value === null) return unknown;
      if (value instanceof Float32Array && value.length === dimension) return value;
      if (!Array.isArray(value)) throw new ValueFault(`it is ${typeOf(value)}`, expected);
      if (value.length !== dimension) throw new ValueFault(`it has ${value.length} components`, expected);
      const vector = new Float32Array(dimension);
      (value as unknown[]).forEach((component, k) => {
        if (typeof component !== 'number') throw new ValueFault(`it is ${typeOf(component)}`, 'a number', `[${k}]`);
        vector[k] = component;
        if (!Number.isFinite(vector[k])) throw new ValueFault(`${component} is beyond what float32 holds`, 'a number', `[${k}]`);
      });
      return vector;
    },
    feed(vectors) {
      const data = new Float32Array(vectors.length * dimension);
      vectors.forEach((vector, row) => data.set(vector, row * dimension));
      return { [name]: new Tensor('float32', data, [vectors.length, dimension]) };
    },
  };
}
