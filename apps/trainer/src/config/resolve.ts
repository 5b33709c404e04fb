import { readFile } from 'node:fs/promises';
import { ExpctrError } from '@expctr/core';
import { configSchema, type Config } from './schema.js';
import { listOptions } from './options.js';
import { nearestName } from './nearest-name.js';
import { presets } from './presets.js';

/** A configuration that cannot be used: unknown option, wrong value, unreadable file. The command line exits with 2. */
export class ConfigError extends ExpctrError {}

/** Where a configuration comes from; later sources win: preset, file, flags, `--set`. */
export interface ConfigSources {
  readonly preset?: string | undefined;
  /** Path of a JSON file. */
  readonly file?: string | undefined;
  /** Values of dedicated flags by option path, such as `{ 'llm.model': '…' }`; undefined ones are ignored. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** `path=value` strings; the value is JSON where it parses, else text. */
  readonly sets?: readonly string[];
}

type Json = Record<string, unknown>;

/** @returns the complete configuration. @throws ConfigError naming the option, what was expected and the nearest right name. */
export async function resolveConfig(sources: ConfigSources): Promise<Config> {
  let config: Json = {};
  if (sources.preset !== undefined) config = merge(config, presetNamed(sources.preset));
  if (sources.file !== undefined) config = merge(config, await readConfigFile(sources.file));
  for (const [path, value] of Object.entries(sources.flags ?? {})) if (value !== undefined) setPath(config, path, value);
  for (const assignment of sources.sets ?? []) applyAssignment(config, assignment);
  return parseConfig(config);
}

/** Validates a configuration read back from `config.json` or put together in a program. */
export function parseConfig(config: unknown): Config {
  const result = configSchema.safeParse(config);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') throw unknownOption([at, issue.keys[0]].filter((part) => part !== '').join('.'));
  const option = listOptions().find((candidate) => candidate.path === at);
  throw new ConfigError('CONFIG_INVALID', issue.message, {
    where: at === '' ? 'the configuration' : at,
    ...(option ? { expected: `${option.type}: ${option.description}` } : {}),
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

async function readConfigFile(path: string): Promise<Json> {
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
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
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

function applyAssignment(config: Json, assignment: string): void {
  const at = assignment.indexOf('=');
  if (at <= 0) {
    throw new ConfigError('CONFIG_BAD_SET', `"${assignment}" is no assignment`, {
      where: '--set',
      expected: 'path.to.option=value',
      remedy: 'write for instance --set ppo.learningRate=0.0001',
    });
  }
  const path = assignment.slice(0, at).trim();
  if (!listOptions().some((option) => option.path === path)) throw unknownOption(path);
  const text = assignment.slice(at + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // not JSON: the text itself is the value
  }
  setPath(config, path, value);
}

function unknownOption(path: string): ConfigError {
  const names = listOptions().map((option) => option.path);
  const near =
    nearestName(path, names) ?? names.find((name) => name.split('.').at(-1)?.toLowerCase() === path.split('.').at(-1)?.toLowerCase());
  return new ConfigError('CONFIG_UNKNOWN_OPTION', 'there is no such option', {
    where: path,
    remedy: near ? `the nearest is ${near}` : '--help lists every option',
  });
}

function setPath(config: Json, path: string, value: unknown): void {
  const parts = path.split('.');
  let node = config;
  for (const part of parts.slice(0, -1)) {
    const child = node[part];
    if (typeof child === 'object' && child !== null) {
      node = child as Json;
    } else {
      const created: Json = {};
      node[part] = created;
      node = created;
    }
  }
  node[parts.at(-1)!] = value;
}

function merge(base: Json, over: Json): Json {
  const merged: Json = structuredClone(base);
  for (const [key, value] of Object.entries(over)) {
    const old = merged[key];
    merged[key] = isObject(old) && isObject(value) ? merge(old, value) : structuredClone(value);
  }
  return merged;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
