import { attributeEncoder, type AttributeEncoder, type Encoder } from '@expctr/encoder';
import type { Pipeline } from './pipeline.js';

/** What makes z of an explanation: its vector and, by option, one more for what it says of each attribute of its item. */
export function explanationEncoder({ run, data }: Pick<Pipeline, 'run' | 'data'>, encoder: Encoder): AttributeEncoder {
  return attributeEncoder(encoder, run.config.encoder.byAttribute ? Object.keys(data.items.attributes) : []);
}
