import type { LoraConfig } from '../adapter.js';
import { FormatError } from '../errors.js';
import { fieldsOf, type Fields } from '../fields.js';

/** Fields of adapter_config.json that change nothing when an adapter is used: they describe training, or where things lie. */
const WITHOUT_EFFECT = new Set([
  'auto_mapping',
  'base_model_name_or_path',
  'inference_mode',
  'lora_dropout',
  'megatron_core',
  'peft_version',
  'qalora_group_size',
  'revision',
  'task_type',
]);

/** Fields that are read. */
const READ = new Set(['bias', 'fan_in_fan_out', 'init_lora_weights', 'lora_alpha', 'peft_type', 'r', 'target_modules', 'use_rslora']);

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
  const baseModel = fields.text('base_model_name_or_path');
  return {
    rank: fields.count('r'),
    alpha: positive(fields, 'lora_alpha'),
    targetModules: targetModules(fields, modules),
    ...(fields.flag('use_rslora', false) ? { rankStabilized: true } : {}),
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

function targetModules(fields: Fields, modules: readonly string[]): readonly string[] {
  const value = fields.raw('target_modules');
  if (value === 'all-linear') return modules;
  if (typeof value === 'string') {
    if (/^[\w.]+$/.test(value)) return [value];
    throw unsupported(fields.where, 'target_modules', value, 'a list of module names (a pattern could leave out some layers)');
  }
  const names: readonly unknown[] = Array.isArray(value) ? value : [];
  if (names.length > 0 && names.every((name): name is string => typeof name === 'string' && name !== '')) return names;
  throw fields.bad('target_modules', `is ${JSON.stringify(value)}`, 'a list of module names');
}

/** adapter_config.json as PEFT 0.21 writes it: the same fields in the same order, two spaces of indentation, no newline at the end. */
export function peftConfigText({ rank, alpha, targetModules, rankStabilized = false, fanInFanOut = false, baseModel }: LoraConfig): string {
  const config = {
    alora_invocation_tokens: null,
    alpha_pattern: {},
    arrow_config: null,
    auto_mapping: null,
    base_model_name_or_path: baseModel ?? null,
    bias: 'none',
    corda_config: null,
    ensure_weight_tying: false,
    eva_config: null,
    exclude_modules: null,
    fan_in_fan_out: fanInFanOut,
    inference_mode: true,
    init_lora_weights: true,
    kasa_config: null,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
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
    rank_pattern: {},
    revision: null,
    target_modules: targetModules,
    target_parameters: null,
    task_type: 'CAUSAL_LM',
    trainable_token_indices: null,
    use_bdlora: null,
    use_dora: false,
    use_qalora: false,
    use_rslora: rankStabilized,
    velora_config: null,
  };
  return JSON.stringify(config, null, 2).replace('"lora_dropout": 0,', '"lora_dropout": 0.0,'); // a float in Python
}
