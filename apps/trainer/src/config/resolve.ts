import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { nearestName, parseJson, checkOptions, type OptionKeys } from '@expctr/core';
import type { HubOptions } from '@expctr/hub';
import { isObject } from '@expctr/run';
import { loadPlugins, type PluginSource } from '../plugins/load-plugins.js';
import type { Plugin } from '../plugins/plugin.js';
import { createRegistry, type Registry } from '../plugins/registry.js';
import { configSchema } from './config-schema.js';
import { ConfigError } from './errors.js';
import { assignmentText, merge, parseAssignment, setPath, type Json } from './json-tree.js';
import { listOptions } from './options.js';
import { presets } from './presets.js';
import type { Config } from './schema.js';
import { checkHistory, checkOptionNames, chosenPart, partsOf, SECTIONS, sectionSchema } from './sections.js';

/** Where a configuration comes from; later sources win: preset, file, flags, `--set`. */
export interface ConfigSources {
  readonly preset?: string | undefined;
  /** Path of a JSON file. */
  readonly file?: string | undefined;
  /** Values of dedicated flags by option path, such as `{ 'llm.model': '…' }`; undefined ones are ignored. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** `path=value` strings; the value is JSON where it parses, else text. */
  readonly sets?: readonly string[];
  /** Plug-ins beside those that the file names: modules, taken from the current folder, or objects at hand. */
  readonly plugins?: readonly (string | Plugin)[];
}

/** A run's configuration and the parts that it can name. */
export interface Settings {
  readonly config: Config;
  readonly registry: Registry;
  /** Where models that are named by their hub id come from, and where they are kept. Default: the hub, and its usual cache. */
  readonly hub?: HubOptions;
}

const RESOLVE_CONFIG_OPTIONS: OptionKeys<ConfigSources> = { preset: true, file: true, flags: true, sets: true, plugins: true };

/**
 * @returns the complete configuration
 * @throws ConfigError naming the option, what was expected and the nearest right name; PluginError for a plug-in that cannot be used
 */
export async function resolveConfig(sources: ConfigSources): Promise<Settings> {
  checkOptions('resolveConfig', sources, RESOLVE_CONFIG_OPTIONS);
  const preset = sources.preset === undefined ? {} : presetNamed(sources.preset);
  const own: Json = sources.file === undefined ? {} : await readConfigFile(sources.file);
  for (const [path, value] of Object.entries(sources.flags ?? {})) if (value !== undefined) setPath(own, path, value);
  const assignments = (sources.sets ?? []).map(parseAssignment);
  for (const { path, value } of assignments) if (path === 'plugins') own['plugins'] = value;

  const registry = await loadRegistry(pluginsIn(own, sources.file), sources.plugins);
  const known = listOptions(registry);
  for (const { path, value } of assignments) {
    if (!known.some((option) => option.path === path)) throw unknownOption(path, registry);
    setPath(own, path, value);
  }
  const config = merge(withoutOtherParts(preset, merge(preset, own), registry), own);
  return parseConfig({ ...config, plugins: registry.plugins }, registry);
}

/** The registry with the plug-ins of a configuration and further ones. @throws PluginError */
export async function loadRegistry(configured: readonly PluginSource[], further: readonly PluginSource[] = []): Promise<Registry> {
  const registry = createRegistry(await loadPlugins([...configured, ...further]));
  checkOptionNames(registry);
  return registry;
}

/** Validates a configuration read back from `config.json` or put together in a program. @throws ConfigError */
export function parseConfig(config: Readonly<Record<string, unknown>>, registry: Registry): Settings {
  const result = configSchema(registry, config).safeParse(config);
  if (result.success) {
    const valid = result.data as unknown as Config;
    checkHistory(valid.ctr.history, registry);
    return { config: valid, registry };
  }
  const issue = result.error.issues[0]!;
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') throw unknownOption([at, issue.keys[0]].filter((part) => part !== '').join('.'), registry);
  // the option itself where the issue lies within its value, as in the third entry of a list
  const option = listOptions(registry).find(({ path }) => path === at || at.startsWith(`${path}.`));
  throw new ConfigError('CONFIG_INVALID', issue.message, {
    where: at === '' ? 'the configuration' : at,
    ...(option ? { expected: `${option.type}, as in ${assignmentText(option.path, option.example)} (${option.description})` } : {}),
    remedy: `correct the value, or leave it out for its default${option ? ` (${JSON.stringify(option.default)})` : ''}`,
  });
}

function presetNamed(name: string): Json {
  const preset = presets[name];
  if (preset) return preset.config;
  const near = nearestName(name, Object.keys(presets));
  throw new ConfigError('CONFIG_UNKNOWN_PRESET', `there is no preset "${name}"`, {
    where: '--preset',
    expected: `one of ${Object.keys(presets).join(', ')}`,
    remedy: near ? `write --preset ${near}` : 'choose one of these',
  });
}

/** A preset without what it says of parts that the whole configuration does not choose: `--preset testbed --algorithm grpo` is no contradiction. */
function withoutOtherParts(preset: Json, whole: Json, registry: Registry): Json {
  const kept = structuredClone(preset);
  for (const section of SECTIONS) {
    const given = kept[section.name] as Json | undefined;
    if (given === undefined) continue;
    const { shape } = sectionSchema(section, chosenPart(section, whole, registry));
    const others = new Set(partsOf(registry, section.kind).flatMap(({ options }) => Object.keys(options.shape)));
    for (const option of Object.keys(given)) if (!Object.hasOwn(shape, option) && others.has(option)) delete given[option];
  }
  return kept;
}

/** The plug-ins that a configuration names; paths in a file are taken from the file's folder. */
export function pluginsIn(config: Json, file: string | undefined): PluginSource[] {
  const named = (config['plugins'] ?? []) as PluginSource[];
  if (file === undefined) return named;
  const fromFile = (source: PluginSource): PluginSource =>
    typeof source === 'string' && source.startsWith('.') && !isAbsolute(source) ? resolve(dirname(file), source) : source;
  return named.map(fromFile);
}

/** Reads a configuration file. @throws ConfigError `CONFIG_FILE_UNREADABLE`, `CONFIG_FILE_NOT_JSON` */
export async function readConfigFile(path: string): Promise<Json> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_FILE_UNREADABLE', 'the configuration file cannot be read', {
      where: path,
      remedy: 'check the path given to --config',
      cause,
    });
  }
  try {
    const parsed: unknown = parseJson(text);
    if (isObject(parsed)) {
      // "$schema" is for editors
      return Object.fromEntries(Object.entries(parsed).filter(([key]) => key !== '$schema'));
    }
  } catch (cause) {
    throw new ConfigError('CONFIG_FILE_NOT_JSON', `the configuration file is not JSON (${(cause as Error).message})`, {
      where: path,
      expected: 'a JSON object',
      remedy: 'correct it at that position',
      cause,
    });
  }
  throw new ConfigError('CONFIG_FILE_NOT_JSON', 'the configuration file holds no object', {
    where: path,
    expected: 'a JSON object such as {"seed": 1}',
    remedy: 'put the options into an object',
  });
}

/** An option that is not there, or that belongs to a part which the configuration does not choose. */
function unknownOption(path: string, registry: Registry): ConfigError {
  const options = listOptions(registry);
  const owners = options.filter((option) => option.path === path).flatMap(({ part }) => part ?? []);
  if (owners.length > 0) {
    const { chosenBy } = owners[0]!;
    const names = owners.map(({ name }) => name).join(', ');
    return new ConfigError('CONFIG_OTHER_PART', `it is an option of ${names}, which ${chosenBy} does not choose`, {
      where: path,
      remedy: `leave it out, or set ${chosenBy}=${owners[0]!.name}`,
    });
  }
  const paths = options.map((option) => option.path);
  const near =
    nearestName(path, paths) ??
    paths.find((candidate) => candidate.split('.').at(-1)?.toLowerCase() === path.split('.').at(-1)?.toLowerCase());
  return new ConfigError('CONFIG_UNKNOWN_OPTION', 'there is no such option', {
    where: path,
    remedy: near ? `write ${near}, the nearest name` : 'look the name up: --help lists every option',
  });
}
