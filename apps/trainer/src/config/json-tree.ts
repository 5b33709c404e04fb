import { isObject } from '@expctr/run';
import { ConfigError } from './errors.js';

/** An object as JSON has it. */
export type Json = Record<string, unknown>;

/** `path.to.option=value` in two parts. The value is JSON where it parses, else text. @throws ConfigError `CONFIG_BAD_SET` */
export function parseAssignment(assignment: string): { readonly path: string; readonly value: unknown } {
  const at = assignment.indexOf('=');
  if (at <= 0) {
    throw new ConfigError('CONFIG_BAD_SET', `"${assignment}" is no assignment`, {
      where: '--set',
      expected: 'path.to.option=value',
      remedy: 'write for instance --set ppo.learningRate=0.0001',
    });
  }
  const path = assignment.slice(0, at).trim();
  const text = assignment.slice(at + 1);
  try {
    return { path, value: JSON.parse(text) as unknown };
  } catch {
    return { path, value: text };
  }
}

/** `path=value` as {@link parseAssignment} reads it and a shell takes it: in quotes where the value has any. */
export function assignmentText(path: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[^\w./:-]/u.test(text) ? `'${path}=${text}'` : `${path}=${text}`;
}

/** Puts a value at a dotted path, making the objects on the way. */
export function setPath(tree: Json, path: string, value: unknown): void {
  const keys = path.split('.');
  let node = tree;
  for (const key of keys.slice(0, -1)) {
    const child = node[key];
    if (isObject(child)) {
      node = child;
    } else {
      const created: Json = {};
      node[key] = created;
      node = created;
    }
  }
  node[keys.at(-1)!] = value;
}

/** Both trees as one; where both have a value, that of `over`. */
export function merge(base: Json, over: Json): Json {
  const merged: Json = structuredClone(base);
  for (const [key, value] of Object.entries(over)) {
    const old = merged[key];
    merged[key] = isObject(old) && isObject(value) ? merge(old, value) : structuredClone(value);
  }
  return merged;
}
