import { fieldsOf, type Fields } from '../../formats/fields.js';
import type { RopeScaling, RotaryConfig } from '../../model/rotary.js';

/** What rotary parameters are read with. */
export interface RopeContext extends RopeDefaults {
  /** `max_position_embeddings`. */
  readonly maxPositions: number;
  /** Width of a head. */
  readonly headDim: number;
}

/** How families differ in them. */
export interface RopeDefaults {
  /** `rope_theta` where it is missing. Default 10,000. */
  readonly theta?: number;
  /** The field of config.json for `rope_theta`. */
  readonly thetaField?: string;
  /** The field beside which a model's own kind of block has its parameters in `rope_parameters`: `full_attention`. Default: none. */
  readonly kind?: string;
  /** Whether `rope_scaling` of transformers 4 belongs to this kind of block. Default true. */
  readonly scaled?: boolean;
  /** Whether `yarn` is an older name of `longrope`, as in Phi-3. Default false. */
  readonly yarnIsLongRope?: boolean;
}

/** What a family's configuration has of rotary embeddings. */
export type RopeParameters = Pick<RotaryConfig, 'ropeTheta' | 'ropeScaling'> & {
  readonly rotaryDim?: number;
  readonly maxPositions: number;
};

/**
 * The rotary parameters of a Hugging Face config.json, in both of its forms: `rope_theta` with `rope_scaling` beside it
 * (transformers 4), or all of it in `rope_parameters` (transformers 5).
 *
 * The context is that of `max_position_embeddings`. Where transformers would change all frequencies once a text grows beyond some
 * length (`dynamic`, `longrope`), it ends there: what a cache holds was rotated before.
 *
 * @throws FormatError `CONFIG_BAD_FIELD` for a scaling that is not known
 */
export function parseRope(config: Fields, context: RopeContext): RopeParameters {
  const { theta: fallback = 10_000, thetaField = 'rope_theta', kind, scaled = true } = context;
  const name = config.raw('rope_parameters') === null ? 'rope_scaling' : 'rope_parameters';
  const outer = objectOf(config, name, name === 'rope_parameters' || scaled ? config.raw(name) : null);
  const source = kind !== undefined && Object.hasOwn(outer, kind) ? `${name}.${kind}` : name;
  const nested = source === name ? outer : objectOf(config, source, outer[kind!] ?? null);
  const rope = fieldsOf(nested, `${config.where}, ${source}`);
  const theta = rope.number('rope_theta', config.number(thetaField, fallback));
  if (theta <= 0) throw config.bad(thetaField, `is ${theta}`, 'a positive number');
  return { ropeTheta: theta, ...parseRotaryDim(rope, config, context), ...parseScaling(rope, config, source, context) };
}

function objectOf(config: Fields, name: string, value: unknown): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw config.bad(name, `is ${JSON.stringify(value)}`, 'an object or null');
  return value as Record<string, unknown>;
}

function parseRotaryDim(rope: Fields, config: Fields, { headDim }: RopeContext): { readonly rotaryDim?: number } {
  const share = rope.number('partial_rotary_factor', config.number('partial_rotary_factor', 1));
  const rotaryDim = Math.trunc(headDim * share);
  if (!(share > 0 && share <= 1) || rotaryDim < 2 || rotaryDim % 2 !== 0) {
    throw config.bad(
      'partial_rotary_factor',
      `is ${share}`,
      `above 0, at most 1, and an even number of the ${headDim} dimensions of a head`,
    );
  }
  return rotaryDim === headDim ? {} : { rotaryDim };
}

type Scaling = { readonly ropeScaling: RopeScaling | null; readonly maxPositions: number };

function parseScaling(rope: Fields, config: Fields, source: string, context: RopeContext): Scaling {
  const { maxPositions, headDim, yarnIsLongRope = false } = context;
  const named = rope.text('rope_type') ?? rope.text('type') ?? 'default';
  const type = named === 'yarn' && yarnIsLongRope ? 'longrope' : named;
  switch (type) {
    case 'default':
    case 'dynamic': // within the context it is the default: only a longer text has another base
      return { ropeScaling: null, maxPositions };
    case 'linear':
      return { ropeScaling: { type, factor: positive(rope, 'factor') }, maxPositions };
    case 'llama3':
      return { ropeScaling: parseLlama3(rope, maxPositions), maxPositions };
    case 'yarn':
      return { ropeScaling: parseYarn(rope, config, maxPositions), maxPositions };
    case 'su':
    case 'longrope':
      return parseLongRope(rope, config, maxPositions, parseRotaryDim(rope, config, context).rotaryDim ?? headDim);
  }
  throw config.bad(
    source,
    `asks for the scaling ${JSON.stringify(named)}`,
    'default, linear, dynamic, llama3, yarn or longrope',
    'choose a model with one of these, or remove the scaling where the context stays within that of pre-training',
  );
}

function parseLlama3(rope: Fields, maxPositions: number): RopeScaling {
  return {
    type: 'llama3',
    factor: positive(rope, 'factor'),
    lowFrequencyFactor: positive(rope, 'low_freq_factor'),
    highFrequencyFactor: positive(rope, 'high_freq_factor'),
    originalMaxPositions: rope.count('original_max_position_embeddings', maxPositions),
  };
}

function parseYarn(rope: Fields, config: Fields, maxPositions: number): RopeScaling {
  const originalMaxPositions = rope.count(
    'original_max_position_embeddings',
    config.count('original_max_position_embeddings', maxPositions),
  );
  const factor = rope.raw('factor') === null ? maxPositions / originalMaxPositions : positive(rope, 'factor');
  const [scale, scaleAll] = [rope.number('mscale', 0), rope.number('mscale_all_dim', 0)];
  const natural = scale !== 0 && scaleAll !== 0 ? yarnAttention(factor, scale) / yarnAttention(factor, scaleAll) : yarnAttention(factor);
  return {
    type: 'yarn',
    factor,
    betaFast: positive(rope, 'beta_fast', 32),
    betaSlow: positive(rope, 'beta_slow', 1),
    originalMaxPositions,
    attentionFactor: positive(rope, 'attention_factor', natural),
    truncate: rope.flag('truncate', true),
  };
}

/** YaRN's factor of cosines and sines (equation 22), for a scaling by `factor`. */
export function yarnAttention(factor: number, scale = 1): number {
  return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
}

/** LongRoPE within the context of pre-training, where its short factors hold. */
function parseLongRope(rope: Fields, config: Fields, maxPositions: number, rotaryDim: number): Scaling {
  const original = config.count('original_max_position_embeddings', rope.count('original_max_position_embeddings', maxPositions));
  const factors: readonly unknown[] = Array.isArray(rope.raw('short_factor')) ? (rope.raw('short_factor') as unknown[]) : [];
  if (factors.length !== rotaryDim / 2 || !factors.every((factor): factor is number => typeof factor === 'number' && factor > 0)) {
    throw rope.bad('short_factor', `has ${factors.length} entries`, `${rotaryDim / 2} positive numbers, one for each pair of dimensions`);
  }
  const stretched = rope.number('factor', maxPositions / original);
  const natural = stretched <= 1 ? 1 : Math.sqrt(1 + Math.log(stretched) / Math.log(original));
  const attentionFactor = positive(rope, 'attention_factor', natural);
  return { ropeScaling: { type: 'factors', factors, attentionFactor }, maxPositions: Math.min(maxPositions, original) };
}

function positive(rope: Fields, name: string, fallback?: number): number {
  const value = rope.number(name, fallback);
  if (value > 0) return value;
  throw rope.bad(name, `is ${value}`, 'a positive number');
}
