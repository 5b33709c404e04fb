import { exampleOf, nearestName, typeInWords, type ValueSchema } from '@expctr/core';
import { z } from 'zod';
import { DataOptionError } from '../errors.js';

type Node = ValueSchema & { readonly properties?: Readonly<Record<string, Node>> };

/**
 * What is wrong with the options of a dataset: the path of the option, what it takes with an example, or the nearest name there is.
 * @param schema that of `data`, the dataset's own options beside the common ones
 */
export function dataOptionError(schema: z.ZodObject, { issues: [issue] }: z.ZodError): DataOptionError {
  if (issue === undefined) throw new TypeError('a failed parse without an issue');
  const path = ['data', ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') return unknownDataOption(`${path}.${issue.keys[0] ?? ''}`, schema);
  const names = issue.path.filter((key) => typeof key === 'string');
  const node = nodeAt(nodeOf(schema), names);
  const option = ['data', ...names].join('.');
  return new DataOptionError('DATA_OPTION', issue.message, {
    where: path,
    ...(node === undefined || node.properties !== undefined
      ? {}
      : { expected: `${typeInWords(node)}, as in --set ${assignment(option, exampleOf(node))}` }),
  });
}

/** The error of an option that is not there, with the nearest name. @param path begins with `data.` */
export function unknownDataOption(path: string, schema: z.ZodObject): DataOptionError {
  const paths = leaves(nodeOf(schema), 'data');
  const last = (dotted: string): string => dotted.split('.').at(-1)?.toLowerCase() ?? '';
  const near = nearestName(path, paths) ?? paths.find((candidate) => last(candidate) === last(path));
  return new DataOptionError('DATA_OPTION', `there is no option '${path}'`, {
    where: '--set',
    ...(near === undefined ? { expected: `one of ${paths.join(', ')}` } : { remedy: `write ${near}, the nearest` }),
  });
}

/** `path=value` as a shell takes it: in quotes where the value has any. */
function assignment(path: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[^\w.-]/u.test(text) ? `'${path}=${text}'` : `${path}=${text}`;
}

function nodeOf(schema: z.ZodObject): Node {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;
}

function nodeAt(node: Node | undefined, path: readonly string[]): Node | undefined {
  return path.reduce<Node | undefined>((at, name) => at?.properties?.[name], node);
}

function leaves(node: Node, path: string): string[] {
  if (node.properties === undefined) return [path];
  return Object.entries(node.properties).flatMap(([name, child]) => leaves(child, `${path}.${name}`));
}
