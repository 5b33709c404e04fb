import { isObject } from '@expctr/run';
import { PluginError } from './errors.js';
import type { PartKind, Plugin } from './plugin.js';

/** What a part can be called: a word of a configuration. */
const NAME = /^[a-z0-9][\w.-]*$/iu;

/**
 * Checks that a plug-in is what it says: a name, known kinds, and parts that have a name, a description and zod options.
 * @param where which plug-in, for the error
 * @throws PluginError `PLUGIN_BROKEN`
 */
export function checkPlugin(plugin: unknown, kinds: readonly PartKind[], where: string): asserts plugin is Plugin {
  const broken = (what: string, expected: string): PluginError =>
    new PluginError('PLUGIN_BROKEN', what, { where, expected, remedy: 'mend the plug-in (the guide on plug-ins shows a whole one)' });
  if (!isObject(plugin)) throw broken(`its plugin is ${describe(plugin)}`, 'an object with a name and parts');
  if (typeof plugin['name'] !== 'string' || plugin['name'] === '') throw broken(`its name is ${describe(plugin['name'])}`, 'a text');
  const strange = Object.keys(plugin).find((key) => !['name', 'version', ...kinds].includes(key));
  if (strange !== undefined) throw broken(`it has "${strange}"`, `name, version and any of ${kinds.join(', ')}`);
  for (const kind of kinds) {
    const parts = plugin[kind] ?? [];
    if (!Array.isArray(parts)) throw broken(`its ${kind} are ${describe(parts)}`, 'a list');
    for (const [at, part] of parts.entries()) {
      const place = `${kind}[${at}]`;
      if (!isObject(part)) throw broken(`${place} is ${describe(part)}`, 'an object');
      const { name, description, options } = part;
      if (typeof name !== 'string' || !NAME.test(name)) throw broken(`the name of ${place} is ${describe(name)}`, 'a word such as my-part');
      if (typeof description !== 'string') throw broken(`${kind} ${name} has no description`, 'one line of text');
      if (kind === 'families') continue; // a checkpoint's own files say all that there is to say
      if (!isZodObject(options)) throw broken(`the options of ${kind} ${name} are ${describe(options)}`, 'a zod object, z.object({ … })');
    }
  }
}

/** A plug-in may bring a zod of its own, so it is known by what it can do. */
function isZodObject(value: unknown): boolean {
  return isObject(value) && typeof value['safeParse'] === 'function' && isObject(value['shape']);
}

function describe(value: unknown): string {
  return value === undefined
    ? 'missing'
    : typeof value === 'function'
      ? 'a function'
      : (JSON.stringify(value) ?? typeof value).slice(0, 60);
}
