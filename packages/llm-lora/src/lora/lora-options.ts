import { checkOptions, type OptionKeys } from '@expctr/core';
import type { LoraConfig, ModuleNames } from '../formats/adapter.js';
import { isNamed, loraModules, type LoraModule } from '../formats/peft/modules.js';
import { peftConfigText } from '../formats/peft/config.js';
import { fullPath, modulePath } from '../formats/peft/names.js';
import { PolicyError } from '../policy/errors.js';
import { sitePaths, type LoraSites } from './lora-tree.js';

/** What adapters are made: as {@link LoraConfig}, of which whatever is missing has a default. */
export interface LoraOptions extends Partial<Omit<LoraConfig, 'targetModules' | 'fanInFanOut'>> {
  /**
   * The adapted modules; `all-linear` are all of the blocks' linear layers. Of an expression those of them count that it matches; where it
   * matches other modules, too, which PEFT refuses, the adapter is saved with the names of those that it is on. Default: what is usual for the family.
   */
  readonly targetModules?: ModuleNames | 'all-linear';
}

/** `targetModules` of a list of names, in which `all-linear` may stand alone, as a configuration or a command line has it. */
export function targetsOf(names: readonly string[]): readonly string[] | 'all-linear' {
  return names.length === 1 && names[0] === 'all-linear' ? 'all-linear' : names;
}

const LORA_OPTIONS: OptionKeys<LoraOptions> = {
  rank: true,
  alpha: true,
  targetModules: true,
  excludeModules: true,
  layersToTransform: true,
  layersPattern: true,
  rankPattern: true,
  alphaPattern: true,
  rankStabilized: true,
  weightDecomposed: true,
  baseModel: true,
};

/** What `adapters.create` makes. */
export interface LoraPlan {
  readonly config: LoraConfig;
  /** The adapted layers by their paths. */
  readonly modules: ReadonlyMap<string, LoraModule>;
}

/**
 * What adapters with these options are in this model.
 * @param usual the target modules that are usual for the family
 * @throws {@link PolicyError} `POLICY_OPTION` for a name that no layer of the model has, a pattern without a match, or a wrong number
 */
export function planLora(options: LoraOptions, sites: LoraSites, usual: readonly string[]): LoraPlan {
  checkOptions('lora', options, LORA_OPTIONS);
  const { targetModules = usual, ...others } = options;
  const names = targetModules === 'all-linear' ? linearNames(sites) : targetModules;
  const config: LoraConfig = { rank: 16, alpha: 32, ...others, targetModules: names, ...(sites.transposed ? { fanInFanOut: true } : {}) };
  checkNumbers(config);
  const paths = sitePaths(sites);
  for (const [option, modules] of Object.entries({ targetModules: names, excludeModules: config.excludeModules ?? [] })) {
    checkNames(option, modules, paths, sites);
  }
  checkLayers(config, sites);
  const modules = loraModules(config, paths, 'lora');
  if (modules.size === 0) throw wrong('targetModules', 'no layer is left', expectedNames(sites));
  checkPatterns(config, modules);
  const saved = meetsOthers(config, modules, sites) ? listed(config, modules) : config;
  try {
    peftConfigText(saved);
  } catch (cause) {
    throw wrong('targetModules', (cause as Error).message, 'regular expressions that Python has, too, for the files of an adapter');
  }
  return { config: saved, modules };
}

/** Modules without weights of the classes of transformers, by their names in a block or a part of it. */
const WITHOUT_WEIGHTS = [
  ...['act', 'act_fn', 'activation_fn', 'rotary_emb', 'drop', 'dropout', 'attn_dropout', 'resid_dropout'],
  ...['resid_attn_dropout', 'resid_mlp_dropout'],
];

/**
 * Whether an expression matches modules that are no linear layer of a block, too: PEFT adapts the head where it is one of them, and refuses
 * the others.
 */
function meetsOthers(config: LoraConfig, modules: ReadonlyMap<string, LoraModule>, { modules: all }: LoraSites): boolean {
  if (!(config.targetModules instanceof RegExp)) return false;
  const above = new Set(all.flatMap((path) => path.split('.').map((_, parts, names) => names.slice(0, parts).join('.'))));
  const inside = [...above].flatMap((path) => WITHOUT_WEIGHTS.map((name) => (path === '' ? name : `${path}.${name}`)));
  const others = [...above, ...inside, ...all, 'lm_head'].filter((path) => path !== '' && !modules.has(modulePath(path)));
  return loraModules(config, others, 'lora').size > 0;
}

/** The same adapter by the whole names of its modules. */
function listed({ excludeModules: _, ...config }: LoraConfig, modules: ReadonlyMap<string, LoraModule>): LoraConfig {
  return { ...config, targetModules: [...modules.keys()].map(fullPath) };
}

/** The last parts of their names. */
function linearNames({ linears }: LoraSites): string[] {
  return [...new Set(linears.map(({ module }) => module.split('.').at(-1) ?? module))];
}

function checkNumbers({ rank, alpha, rankPattern = {}, alphaPattern = {} }: LoraConfig): void {
  const ranks = { rank, ...prefixed('rankPattern', rankPattern) };
  for (const [name, value] of Object.entries(ranks)) {
    if (!Number.isInteger(value) || value < 1) throw wrong(name, `is ${value}`, 'a whole number from 1');
  }
  for (const [name, value] of Object.entries({ alpha, ...prefixed('alphaPattern', alphaPattern) })) {
    if (!(value > 0) || value === Infinity) throw wrong(name, `is ${value}`, 'a positive number');
  }
}

const prefixed = (option: string, values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`${option}[${JSON.stringify(key)}]`, value]));

function checkNames(option: string, modules: ModuleNames, paths: readonly string[], sites: LoraSites): void {
  if (modules instanceof RegExp) {
    if (option === 'excludeModules') return; // it may be there for other modules
    const { size } = loraModules({ rank: 1, alpha: 1, targetModules: modules }, paths, 'lora');
    if (size === 0) throw wrong(option, `no layer matches ${String(modules)}`, `a pattern of whole names, such as model.${paths[0]!}`);
    return;
  }
  const unknown = modules.filter((name) => !paths.some((path) => isNamed(path, name)));
  if (unknown.length > 0) throw wrong(option, `no layer is called ${unknown.join(', ')}`, expectedNames(sites));
  if (modules.length === 0 && option === 'targetModules') throw wrong(option, 'no layer is named', expectedNames(sites));
}

const expectedNames = (sites: LoraSites): string => `some of ${linearNames(sites).join(', ')}`;

/** As PEFT, which takes blocks with a list of modules alone, and a pattern of blocks with their numbers alone. */
function checkLayers({ targetModules, layersToTransform, layersPattern }: LoraConfig, { layers }: LoraSites): void {
  const given = layersToTransform === undefined ? [] : [layersToTransform].flat();
  const missing = given.find((layer) => !Number.isInteger(layer) || layer < 0 || layer >= layers);
  if (missing !== undefined) throw wrong('layersToTransform', `it names block ${missing}`, `numbers from 0 to ${layers - 1}`);
  if (layersPattern !== undefined && layersToTransform === undefined) {
    throw wrong('layersPattern', 'it is given without layersToTransform', 'both, or neither');
  }
  if (layersToTransform !== undefined && targetModules instanceof RegExp) {
    throw wrong('layersToTransform', 'it is given beside a regular expression', 'a list of targetModules, or the blocks in the expression');
  }
}

/** A pattern that nothing matches is a slip: it would change nothing. */
function checkPatterns({ rankPattern = {}, alphaPattern = {} }: LoraConfig, modules: ReadonlyMap<string, LoraModule>): void {
  for (const [option, patterns] of Object.entries({ rankPattern, alphaPattern })) {
    for (const key of Object.keys(patterns)) {
      const alone: LoraConfig = { rank: 1, alpha: 1, targetModules: /.*/, rankPattern: { [key]: 2 } };
      const matched = [...loraModules(alone, modules.keys(), 'lora').values()].some(({ rank }) => rank === 2);
      if (!matched) throw wrong(option, `no adapted layer matches ${key}`, 'ends of names, or regular expressions of them');
    }
  }
}

function wrong(option: string, what: string, expected: string): PolicyError {
  return new PolicyError('POLICY_OPTION', what.startsWith('is ') ? `${option} ${what}` : what, { where: `lora.${option}`, expected });
}
