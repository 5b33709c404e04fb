import { loraScale, type LoraConfig, type ModuleNames } from '../adapter.js';
import { FormatError } from '../errors.js';
import { matchNames, type Match } from './match.js';
import { fullPath } from './names.js';
import { fromPython, type Pattern } from './python-pattern.js';

/** How one module is adapted. */
export interface LoraModule {
  /** Rank of its factors. */
  readonly rank: number;
  /** Its alpha. */
  readonly alpha: number;
  /** What B A is multiplied by. */
  readonly scale: number;
}

/**
 * Which of some modules an adapter is on, and with which rank and scale, by the rules of PEFT 0.21
 * (`check_target_module_exists` of tuners/tuners_utils.py, `get_pattern_key` of utils/other.py).
 * @param modules their paths as adapters have them: `layers.0.self_attn.q_proj` @param where names the adapter in errors
 * @throws FormatError `ADAPTER_PATTERN` for a pattern that is none, or takes for ever
 */
export function loraModules(config: LoraConfig, modules: Iterable<string>, where: string): Map<string, LoraModule> {
  const { rank, alpha, rankStabilized = false, targetModules, excludeModules = [], rankPattern = {}, alphaPattern = {} } = config;
  const all = [...modules];
  const paths = all.map(fullPath);
  const targets = named(targetModules, paths, where);
  const excluded = named(excludeModules, paths, where);
  const inLayers = layersOf(config, paths, where);
  const ranks = byPattern(rankPattern, paths, where);
  const alphas = byPattern(alphaPattern, paths, where);
  const found = new Map<string, LoraModule>();
  all.forEach((module, at) => {
    const exactly = !(targetModules instanceof RegExp) && targetModules.includes(paths[at]!); // PEFT asks for no layer then
    if (!targets[at] || excluded[at] || !(exactly || inLayers[at])) return;
    const own = { rank: ranks[at] ?? rank, alpha: alphas[at] ?? alpha, rankStabilized };
    found.set(module, { rank: own.rank, alpha: own.alpha, scale: loraScale(own) });
  });
  return found;
}

/** PEFT's rule for a name in a list: it is the whole path, or its last parts. */
export function isNamed(module: string, name: string): boolean {
  const path = fullPath(module);
  return path === name || path.endsWith(`.${name}`);
}

/** A regular expression of JavaScript that has to match the whole of a name. */
export function wholeName({ source, flags }: RegExp): Pattern {
  return { source: `^(?:${source})$`, flags: flags.replace(/[gy]/g, '') }; // those remember the last match
}

/** A regular expression that matches the end of a name from a dot on. @throws FormatError `ADAPTER_PATTERN` */
export function endOfName(key: string, where: string): Pattern {
  const { source, flags } = parsed(key, where);
  return { source: `^(?:(.*\\.)?(${source})$)`, flags };
}

function parsed(text: string, where: string): Pattern {
  try {
    return fromPython(text);
  } catch (cause) {
    throw new FormatError('ADAPTER_PATTERN', `${JSON.stringify(text)} is no pattern that is read: ${(cause as Error).message}`, {
      where,
      expected: 'a regular expression that is the same in Python and JavaScript',
      remedy: 'write it without that, or list the modules by name',
      cause,
    });
  }
}

function named(names: ModuleNames, paths: readonly string[], where: string): boolean[] {
  if (!(names instanceof RegExp)) return paths.map((path) => names.some((name) => isNamed(path, name)));
  return matchNames([wholeName(names)], paths, where)[0]!.map((match) => match !== null);
}

function layersOf({ layersToTransform, layersPattern = [] }: LoraConfig, paths: readonly string[], where: string): boolean[] {
  const wanted = layersToTransform === undefined ? [] : [layersToTransform].flat();
  if (wanted.length === 0) return paths.map(() => true);
  const own = [layersPattern].flat().map((text) => {
    const { source, flags } = parsed(text, where);
    return { source: `^(?:^|.*?\\.)${source}\\.(?<idx>\\d+)\\.`, flags };
  });
  const patterns = own.length > 0 ? own : [{ source: '^.*?\\.[^.]*\\.(?<idx>\\d+)\\.', flags: '' }];
  const layers = firstOf(matchNames(patterns, paths, where), paths.length);
  return layers.map((match) => match !== null && wanted.includes(Number(match.value)));
}

function byPattern(values: Readonly<Record<string, number>>, paths: readonly string[], where: string): (number | undefined)[] {
  const keys = Object.keys(values);
  const matches = matchNames(
    keys.map((key) => endOfName(key, where)),
    paths,
    where,
  );
  return firstOf(matches, paths.length).map((match) => (match === null ? undefined : values[keys[match.pattern]!]));
}

/** For each name the first pattern that matches it, and what it makes of it. */
function firstOf(matches: readonly Match[][], names: number): ({ readonly pattern: number; readonly value: string } | null)[] {
  return Array.from({ length: names }, (_, at) => {
    const pattern = matches.findIndex((each) => each[at] !== null && each[at] !== undefined);
    return pattern < 0 ? null : { pattern, value: matches[pattern]![at]! };
  });
}
