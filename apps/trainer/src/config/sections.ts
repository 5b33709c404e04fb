import { atMost, nearestName } from '@expctr/core';
import { findEncoder } from '@expctr/encoder';
import { normalizations, weightOption } from '@expctr/rewards';
import { z } from 'zod';
import { PluginError } from '../plugins/errors.js';
import type { Parts } from '../plugins/plugin.js';
import type { Registry } from '../plugins/registry.js';
import { ConfigError } from './errors.js';
import { commonFields, ctrSection, dataSection, encoderSection, ppoSection, samplerSection, type PartialConfig } from './schema.js';

/** A part as a configuration sees it. */
export interface ConfiguredPart {
  readonly name: string;
  readonly description: string;
  readonly options: z.ZodObject;
}

/** A section of the configuration in which the options of one chosen part stand beside common ones. */
export interface Section {
  /** Its name. */
  readonly name: 'data' | 'sampler' | 'encoder' | 'ctr' | 'ppo';
  /** Path of the option that chooses the part. */
  readonly chosenBy: string;
  /** Where the parts stand in the registry. */
  readonly kind: Exclude<keyof Parts, 'families' | 'rewards'>;
  /** The part's name by what the option says. */
  readonly nameOf: (value: string, registry: Registry) => string;
  readonly common: z.ZodObject;
}

const asItIs = (value: string): string => value;

/** In the order in which they stand in config.json. */
export const SECTIONS: readonly Section[] = [
  { name: 'data', chosenBy: 'dataset', kind: 'datasets', nameOf: asItIs, common: dataSection },
  { name: 'sampler', chosenBy: 'sampler.kind', kind: 'samplers', nameOf: asItIs, common: samplerSection },
  {
    name: 'encoder',
    chosenBy: 'encoder.model',
    kind: 'encoders',
    nameOf: (spec, { encoders }) => findEncoder(spec, encoders).part.name,
    common: encoderSection,
  },
  { name: 'ctr', chosenBy: 'ctr.backbone', kind: 'backbones', nameOf: asItIs, common: ctrSection },
  { name: 'ppo', chosenBy: 'ppo.algorithm', kind: 'algorithms', nameOf: asItIs, common: ppoSection },
];

/** The stages in which rewards have weights. */
const STAGES = ['stage1', 'stage3'] as const;

/** Weight of a reward where the configuration says none: the paper's one reward a stage. */
const DEFAULT_WEIGHT: Readonly<Record<(typeof STAGES)[number], string>> = { stage1: 'lc', stage3: 'ic' };

/** What holds for all rewards of a run. */
const sharedRewardOptions = {
  normalize: z
    .enum(normalizations)
    .default('none')
    .describe(
      'bring each reward to mean 0 and deviation 1 before it is weighted: not, over the batch, or over the completions of a prompt',
    ),
  timeoutSeconds: z
    .number()
    .positive()
    .max(604_800, atMost(604_800, 'that is a week for one update'))
    .nullable()
    .default(3600)
    .describe('seconds that a reward may take for an update before the run stops, with a checkpoint; null = as many as it takes'),
  onAllNull: z
    .enum(['stop', 'warn'])
    .default('stop')
    .describe('what to do where no reward applies to any row of an update: stop, with a checkpoint, or go on with a warning'),
} as const;

/**
 * No option of a part may have the name of a common one of its section, nor a reward that of a stage or of an option for all.
 * @throws PluginError `PLUGIN_CLASH`
 */
export function checkOptionNames(registry: Registry): void {
  const clash = (part: string, what: string): PluginError =>
    new PluginError('PLUGIN_CLASH', what, { where: part, expected: 'a name of its own', remedy: 'rename it in the plug-in' });
  for (const { name: section, kind, common } of SECTIONS) {
    for (const part of partsOf(registry, kind)) {
      const taken = Object.keys(part.options.shape).find((option) => Object.hasOwn(common.shape, option));
      if (taken !== undefined) throw clash(`${kind} ${part.name}`, `its option ${taken} stands beside ${section}.${taken}`);
    }
  }
  const stage = registry.rewards.find(({ name }) => (STAGES as readonly string[]).includes(name));
  if (stage !== undefined) throw clash(`reward ${stage.name}`, `rewards.${stage.name} holds the weights of that stage`);
  const shared = registry.rewards.find(({ name }) => Object.hasOwn(sharedRewardOptions, name));
  if (shared !== undefined) throw clash(`reward ${shared.name}`, `rewards.${shared.name} is an option for all rewards`);
}

/** The parts of one kind, as a configuration sees them. */
export function partsOf(registry: Registry, kind: Section['kind']): readonly ConfiguredPart[] {
  return registry[kind];
}

/**
 * The part that a section's option chooses.
 * @throws ConfigError `CONFIG_UNKNOWN_PART` with the names that there are and the nearest
 */
export function chosenPart({ chosenBy, kind, nameOf }: Section, config: PartialConfig, registry: Registry): ConfiguredPart {
  const given = valueAt(config, chosenBy) ?? defaultOf(chosenBy);
  const named = typeof given === 'string' ? nameOf(given, registry) : null;
  const found = partsOf(registry, kind).find(({ name }) => name === named);
  if (found !== undefined) return found;
  throw unknownPart(kind, given, chosenBy, registry);
}

/** @throws ConfigError `CONFIG_UNKNOWN_PART` for a name in `ctr.history` that no backbone has */
export function checkHistory(names: readonly string[], registry: Registry): void {
  const unknown = names.find((name) => !registry.backbones.some((backbone) => backbone.name === name));
  if (unknown !== undefined) throw unknownPart('backbones', unknown, 'ctr.history', registry);
}

function unknownPart(kind: Section['kind'], given: unknown, where: string, registry: Registry): ConfigError {
  const names = partsOf(registry, kind).map(({ name }) => name);
  const near = typeof given === 'string' ? nearestName(given, names) : undefined;
  return new ConfigError('CONFIG_UNKNOWN_PART', `there is no ${kind.slice(0, -1)} ${JSON.stringify(given)}`, {
    where,
    expected: `one of ${names.join(', ')}`,
    remedy:
      near === undefined
        ? 'choose one of these, or load the plug-in that brings it (--plugin)'
        : `write ${where}=${near} (the nearest is ${near})`,
  });
}

/** A section with the options of one part. */
export function sectionSchema(section: Section, part: ConfiguredPart): z.ZodObject {
  return section.common.extend(part.options.shape).strict();
}

/** `rewards`: the weights of all rewards in each stage, what holds for all, and their own options under their names. */
export function rewardsSchema({ rewards }: Registry): z.ZodObject {
  const weights = (stage: (typeof STAGES)[number]): z.ZodType =>
    z
      .strictObject(
        Object.fromEntries(
          rewards.map(({ name, description }) => [
            name,
            weightOption.default(name === DEFAULT_WEIGHT[stage] ? 1 : 0).describe(`weight of: ${description}`),
          ]),
        ),
      )
      .prefault({});
  const own = rewards
    .filter(({ options }) => Object.keys(options.shape).length > 0)
    .map(({ name, options }) => [name, z.strictObject(options.shape).prefault({})]);
  return z.strictObject({ stage1: weights('stage1'), stage3: weights('stage3'), ...sharedRewardOptions, ...Object.fromEntries(own) });
}

/** What stands at a dotted path; undefined where nothing does. */
export function valueAt(config: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown> | null | undefined)?.[key], config);
}

function defaultOf(path: string): unknown {
  const [section, option] = path.split('.');
  const shape = option === undefined ? commonFields : SECTIONS.find(({ name }) => name === section)!.common.shape;
  return (shape as Record<string, z.ZodType>)[option ?? section!]!.parse(undefined);
}
