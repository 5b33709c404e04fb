import type { LoraConfig, ModuleNames } from '../adapter.js';
import { FormatError } from '../errors.js';
import { fieldsOf, type Fields } from '../fields.js';
import { fromPython, toPython } from './python-pattern.js';

/** Fields of adapter_config.json that change nothing when an adapter is used: they describe training, or where things lie. */
const WITHOUT_EFFECT = new Set([
  'auto_mapping',
  'base_model_name_or_path',
  'eva_config', // an initialization of A, whose ranks stand in rank_pattern
  'inference_mode',
  'lora_dropout',
  'megatron_core',
  'peft_version',
  'qalora_group_size',
  'revision',
  'task_type',
]);

/** Fields that are read. */
const READ = new Set([
  'alpha_pattern',
  'bias',
  'exclude_modules',
  'fan_in_fan_out',
  'init_lora_weights',
  'layers_pattern',
  'layers_to_transform',
  'lora_alpha',
  'peft_type',
  'r',
  'rank_pattern',
  'target_modules',
  'use_dora',
  'use_rslora',
]);

/** Initializations after which the base model's weights are those of its files; the others (PiSSA, OLoRA, …) change them. */
const PLAIN_INITIALIZATIONS: readonly unknown[] = [null, true, false, 'gaussian', 'eva', 'orthogonal'];

/**
 * Reads adapter_config.json. Everything that would change the result and is not implemented here is refused by name,
 * fields of later PEFT versions included.
 *
 * @param modules last name parts of the modules that the adapter's tensors belong to: what `all-linear` stands for.
 * @throws FormatError `ADAPTER_UNSUPPORTED`, `CONFIG_BAD_FIELD`.
 */
export function parsePeftConfig(json: Readonly<Record<string, unknown>>, path: string, modules: readonly string[]): LoraConfig {
  const fields = fieldsOf(json, path);
  const type = fields.text('peft_type');
  if (type !== 'LORA') throw unsupported(path, 'peft_type', type, '"LORA"');
  const bias = fields.text('bias') ?? 'none';
  if (bias !== 'none') throw unsupported(path, 'bias', bias, '"none"');
  const initialization = fields.raw('init_lora_weights');
  if (!PLAIN_INITIALIZATIONS.includes(initialization)) {
    throw unsupported(path, 'init_lora_weights', initialization, 'an initialization that leaves the base weights as they are');
  }
  for (const [name, value] of Object.entries(json)) {
    if (!WITHOUT_EFFECT.has(name) && !READ.has(name) && !isOff(value)) throw unsupported(path, name, value, 'it to be off');
  }
  const targets = targetModules(fields, modules);
  const excludeModules = fields.raw('exclude_modules') === null ? [] : moduleNames(fields, 'exclude_modules');
  const [rankPattern, alphaPattern] = [numbers(fields, 'rank_pattern', isRank), numbers(fields, 'alpha_pattern', isAlpha)];
  const baseModel = fields.text('base_model_name_or_path');
  return {
    rank: fields.count('r'),
    alpha: positive(fields, 'lora_alpha'),
    targetModules: targets,
    ...(excludeModules instanceof RegExp || excludeModules.length > 0 ? { excludeModules } : {}),
    ...layers(fields, targets),
    ...(Object.keys(rankPattern).length > 0 ? { rankPattern } : {}),
    ...(Object.keys(alphaPattern).length > 0 ? { alphaPattern } : {}),
    ...(fields.flag('use_rslora', false) ? { rankStabilized: true } : {}),
    ...(fields.flag('use_dora', false) ? { weightDecomposed: true } : {}),
    ...(fields.flag('fan_in_fan_out', false) ? { fanInFanOut: true } : {}),
    ...(baseModel === null ? {} : { baseModel }),
  };
}

function isOff(value: unknown): boolean {
  if (value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function unsupported(where: string, name: string, value: unknown, expected: string): FormatError {
  return new FormatError('ADAPTER_UNSUPPORTED', `${name} is ${JSON.stringify(value)}, which is not supported`, {
    where,
    expected,
    remedy: `train the adapter without ${name}, or merge it into its base model with PEFT (merge_and_unload) and load that`,
  });
}

function positive(fields: Fields, name: string): number {
  const value = fields.number(name);
  if (value > 0) return value;
  throw fields.bad(name, `is ${value}`, 'a positive number');
}

function targetModules(fields: Fields, modules: readonly string[]): ModuleNames {
  const value = fields.raw('target_modules');
  return typeof value === 'string' && value.toLowerCase() === 'all-linear' ? modules : moduleNames(fields, 'target_modules');
}

function moduleNames(fields: Fields, field: string): ModuleNames {
  const value = fields.raw(field);
  if (typeof value === 'string') {
    try {
      const { source, flags } = fromPython(value);
      return new RegExp(source, flags);
    } catch (cause) {
      throw fields.bad(
        field,
        `is ${JSON.stringify(value)}: ${(cause as Error).message}`,
        'a regular expression, or a list of module names',
      );
    }
  }
  const names: readonly unknown[] = Array.isArray(value) ? value : [];
  const empty = names.length === 0 && field === 'target_modules';
  if (!empty && Array.isArray(value) && names.every((name): name is string => typeof name === 'string' && name !== '')) return names;
  throw fields.bad(field, `is ${JSON.stringify(value)}`, 'a list of module names, or a regular expression');
}

/** PEFT takes blocks by number with a list of modules alone, and what stands before the number with blocks alone. */
function layers(fields: Fields, targets: ModuleNames): Pick<LoraConfig, 'layersToTransform' | 'layersPattern'> {
  const [given, pattern] = [fields.raw('layers_to_transform'), fields.raw('layers_pattern')];
  for (const [name, value] of Object.entries({ layers_to_transform: given, layers_pattern: pattern })) {
    if (value !== null && targets instanceof RegExp)
      throw fields.bad(name, 'is given beside a regular expression', 'a list of target_modules');
  }
  const isPattern = (value: unknown): value is string => typeof value === 'string';
  if (pattern !== null && !isPattern(pattern) && !(Array.isArray(pattern) && pattern.every(isPattern))) {
    throw fields.bad('layers_pattern', `is ${JSON.stringify(pattern)}`, 'a name, or a list of names');
  }
  const layersPattern = pattern === null || pattern.length === 0 ? {} : { layersPattern: pattern };
  const isBlock = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;
  if (given === null || (Array.isArray(given) && given.length === 0)) {
    if (Object.keys(layersPattern).length === 0) return {};
    throw fields.bad('layers_pattern', 'is given without layers_to_transform', 'both, or neither');
  }
  if (isBlock(given) || (Array.isArray(given) && given.every(isBlock))) return { layersToTransform: given, ...layersPattern };
  throw fields.bad('layers_to_transform', `is ${JSON.stringify(given)}`, "a block's number, or a list of them");
}

interface Bound {
  readonly holds: (value: number) => boolean;
  readonly expected: string;
}

const isRank: Bound = { holds: (value) => Number.isInteger(value) && value >= 1 && value < 2 ** 31, expected: 'a whole number from 1' };
const isAlpha: Bound = { holds: (value) => value > 0 && Number.isFinite(value), expected: 'a positive number' };

function numbers(fields: Fields, field: string, { holds, expected }: Bound): Record<string, number> {
  const value = fields.raw(field) ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw fields.bad(field, `is ${JSON.stringify(value)}`, 'an object from names or regular expressions to numbers');
  }
  const entries = Object.entries(value as Record<string, unknown>);
  for (const [key, each] of entries) {
    if (typeof each !== 'number' || !holds(each))
      throw fields.bad(field, `has ${JSON.stringify(each)} for ${JSON.stringify(key)}`, expected);
    try {
      fromPython(key);
    } catch (cause) {
      throw fields.bad(field, `has ${JSON.stringify(key)}: ${(cause as Error).message}`, 'names or regular expressions');
    }
  }
  return Object.fromEntries(entries) as Record<string, number>;
}

/**
 * adapter_config.json as PEFT 0.21 writes it: the same fields in the same order, two spaces of indentation, no newline at the end.
 * @throws SyntaxError for a regular expression that Python has no form for
 */
export function peftConfigText(lora: LoraConfig): string {
  const { rank, alpha, targetModules, excludeModules, layersToTransform, layersPattern, baseModel } = lora;
  const { rankPattern = {}, alphaPattern = {}, rankStabilized = false, weightDecomposed = false, fanInFanOut = false } = lora;
  const names = (modules: ModuleNames): string | readonly string[] => (modules instanceof RegExp ? toPython(modules) : modules);
  const config = {
    alora_invocation_tokens: null,
    alpha_pattern: alphaPattern,
    arrow_config: null,
    auto_mapping: null,
    base_model_name_or_path: baseModel ?? null,
    bias: 'none',
    corda_config: null,
    ensure_weight_tying: false,
    eva_config: null,
    exclude_modules: excludeModules === undefined ? null : names(excludeModules),
    fan_in_fan_out: fanInFanOut,
    inference_mode: true,
    init_lora_weights: true,
    kasa_config: null,
    layer_replication: null,
    layers_pattern: layersPattern ?? null,
    layers_to_transform: layersToTransform ?? null,
    loftq_config: {},
    lora_alpha: alpha,
    lora_bias: false,
    lora_dropout: 0,
    lora_ga_config: null,
    megatron_config: null,
    megatron_core: 'megatron.core',
    modules_to_save: null,
    monteclora_config: null,
    peft_type: 'LORA',
    peft_version: '0.21.2',
    qalora_group_size: 16,
    r: rank,
    rank_pattern: rankPattern,
    revision: null,
    target_modules: names(targetModules),
    target_parameters: null,
    task_type: 'CAUSAL_LM',
    trainable_token_indices: null,
    use_bdlora: null,
    use_dora: weightDecomposed,
    use_qalora: false,
    use_rslora: rankStabilized,
    velora_config: null,
  };
  return JSON.stringify(config, null, 2).replace('"lora_dropout": 0,', '"lora_dropout": 0.0,'); // a float in Python
}
