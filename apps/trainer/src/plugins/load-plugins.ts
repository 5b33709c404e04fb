import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveModule } from 'import-meta-resolve';
import { PluginError } from './errors.js';
import type { Plugin, PluginRecord } from './plugin.js';

/** A plug-in and what is recorded of it. Its shape is not checked yet. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly record: PluginRecord;
  /** Names it in errors. */
  readonly where: string;
}

/** What names a plug-in: a module, one as a run recorded it, or the plug-in itself. */
export type PluginSource = string | PluginRecord | Plugin;

/**
 * Loads plug-ins in the order given.
 * @param sources paths (`./mine.js`, taken from `folder`) or packages that are installed there; or plug-ins at hand
 * @throws PluginError `PLUGIN_NOT_FOUND`, `PLUGIN_BROKEN` (it throws while loading, or exports no `plugin`), `PLUGIN_VERSION` where a
 *   recorded one is there in another version
 */
export async function loadPlugins(sources: readonly PluginSource[], folder = process.cwd()): Promise<LoadedPlugin[]> {
  const loaded: LoadedPlugin[] = [];
  for (const source of sources) loaded.push(await load(source, folder));
  return loaded;
}

async function load(source: PluginSource, folder: string): Promise<LoadedPlugin> {
  if (typeof source === 'string') return loadModule(source, folder);
  if (!('module' in source)) {
    return {
      plugin: source,
      record: { module: null, name: source.name, version: source.version ?? null },
      where: `plug-in ${source.name}`,
    };
  }
  const { module, name, version } = source;
  if (module === null) {
    throw new PluginError('PLUGIN_NOT_FOUND', 'a program handed it over, so it cannot be loaded by its name', {
      where: `plug-in ${name}`,
      expected: 'a run whose plug-ins are modules',
      remedy: 'go on with this run from the program that began it',
    });
  }
  const found = await loadModule(module, folder);
  if (found.record.name === name && found.record.version === version) return found;
  throw new PluginError('PLUGIN_VERSION', `it is ${found.record.name} ${found.record.version ?? 'without a version'} now`, {
    where: `plug-in ${module}`,
    expected: `${name} ${version ?? 'without a version'}, with which the run began`,
    remedy: 'install that version, or start a new run',
  });
}

async function loadModule(specifier: string, folder: string): Promise<LoadedPlugin> {
  const where = `plug-in ${specifier}`;
  const isPath = specifier.startsWith('.') || isAbsolute(specifier);
  const url = isPath ? pathToFileURL(resolve(folder, specifier)).href : packageUrl(specifier, folder);
  if (url === null || !existsSync(fileURLToPath(url))) {
    throw new PluginError('PLUGIN_NOT_FOUND', isPath ? 'there is no such file' : 'no such package is installed', {
      where,
      expected: isPath ? 'a JavaScript module; paths begin with ./ or /' : `a package that can be imported from ${folder}`,
      remedy: isPath ? 'check the path' : `npm install ${specifier}`,
    });
  }
  let exported: { readonly plugin?: Plugin };
  try {
    exported = (await import(url)) as typeof exported;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
    throw new PluginError('PLUGIN_BROKEN', `it fails while it is loaded: ${reason}`, { where, remedy: 'mend the plug-in', cause });
  }
  const { plugin } = exported;
  if (plugin === undefined) {
    throw new PluginError('PLUGIN_BROKEN', 'it exports no plugin', {
      where,
      expected: 'export const plugin = { name, … }',
      remedy: 'export it under that name',
    });
  }
  const module = isPath ? fileURLToPath(url) : specifier;
  return { plugin, record: { module, name: plugin?.name, version: plugin?.version ?? (await packageVersion(url)) }, where };
}

function packageUrl(specifier: string, folder: string): string | null {
  try {
    return resolveModule(specifier, pathToFileURL(join(folder, 'package.json')).href);
  } catch {
    return null;
  }
}

/** The version in the nearest package.json above a module. */
async function packageVersion(url: string): Promise<string | null> {
  for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
    const version = text === null ? undefined : (JSON.parse(text) as { version?: unknown }).version;
    if (typeof version === 'string') return version;
    if (dirname(folder) === folder) return null;
  }
}
