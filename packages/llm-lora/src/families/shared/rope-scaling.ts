import { fieldsOf, type Fields } from '../../formats/fields.js';
import type { RopeScaling } from '../../model/rotary.js';

/**
 * The rotary parameters of a Hugging Face config.json, in both of its forms: `rope_theta` with `rope_scaling` beside it
 * (transformers 4), or all of it in `rope_parameters` (transformers 5).
 * @throws FormatError `CONFIG_BAD_FIELD` for a scaling other than default, linear and llama3.
 */
export function parseRope(config: Fields, maxPositions: number): { theta: number; scaling: RopeScaling | null } {
  const source = config.raw('rope_parameters') === null ? 'rope_scaling' : 'rope_parameters';
  const nested = config.raw(source) ?? {};
  if (typeof nested !== 'object' || Array.isArray(nested)) throw config.bad(source, `is ${JSON.stringify(nested)}`, 'an object or null');
  const rope = fieldsOf(nested as Record<string, unknown>, `${config.where}, ${source}`);
  const theta = rope.number('rope_theta', config.number('rope_theta', 10_000));
  if (theta <= 0) throw config.bad('rope_theta', `is ${theta}`, 'a positive number');
  return { theta, scaling: parseScaling(rope, config, source, maxPositions) };
}

function parseScaling(rope: Fields, config: Fields, source: string, maxPositions: number): RopeScaling | null {
  const type = rope.text('rope_type') ?? rope.text('type') ?? 'default';
  if (type === 'default') return null;
  if (type === 'linear') return { type, factor: positive(rope, 'factor') };
  if (type === 'llama3') {
    return {
      type,
      factor: positive(rope, 'factor'),
      lowFrequencyFactor: positive(rope, 'low_freq_factor'),
      highFrequencyFactor: positive(rope, 'high_freq_factor'),
      originalMaxPositions: rope.count('original_max_position_embeddings', maxPositions),
    };
  }
  throw config.bad(
    source,
    `asks for the scaling ${JSON.stringify(type)}`,
    'default, linear or llama3',
    'choose a model with one of these, or remove the scaling where the context stays within that of pre-training',
  );
}

function positive(rope: Fields, name: string): number {
  const value = rope.number(name);
  if (value > 0) return value;
  throw rope.bad(name, `is ${value}`, 'a positive number');
}
