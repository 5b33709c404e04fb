import { z } from 'zod';
import type { Registry } from '../plugins/registry.js';
import { commonFields } from './schema.js';
import { partsOf, rewardsSchema, SECTIONS } from './sections.js';

/** One leaf of the configuration: what `--set` takes and `--help` explains. */
export interface OptionDescription {
  /** Dotted path, such as `ppo.learningRate`. */
  readonly path: string;
  readonly description: string;
  readonly default: unknown;
  /** The values it takes, in words. */
  readonly type: string;
  /** The part whose own it is; undefined for those that stand in every configuration. */
  readonly part?: { readonly chosenBy: string; readonly name: string };
}

interface JsonSchemaNode {
  type?: string;
  properties?: Record<string, JsonSchemaNode>;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchemaNode[];
  items?: JsonSchemaNode;
  [keyword: string]: unknown;
}

/** Every leaf of every configuration: the common ones of each section, then those of each part that can be chosen there. */
export function listOptions(registry: Registry): OptionDescription[] {
  const common = leavesOf(z.strictObject(commonFields), '');
  const sections = SECTIONS.flatMap(({ name, common, kind, chosenBy }) => [
    ...leavesOf(common, name),
    ...partsOf(registry, kind).flatMap((part) =>
      leavesOf(part.options, name).map((leaf) => ({ ...leaf, part: { chosenBy, name: part.name } })),
    ),
  ]);
  return [...common, ...sections, ...leavesOf(rewardsSchema(registry), 'rewards')];
}

function leavesOf(schema: z.ZodObject, path: string): OptionDescription[] {
  const found: OptionDescription[] = [];
  visit(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchemaNode, path, found);
  return found;
}

function visit(node: JsonSchemaNode, path: string, found: OptionDescription[]): void {
  if (node.properties) {
    for (const [name, child] of Object.entries(node.properties)) visit(child, path === '' ? name : `${path}.${name}`, found);
    return;
  }
  if (node.type === 'object') return; // a section without options
  found.push({ path, description: node.description ?? '', default: node.default, type: typeName(node) });
}

function typeName(node: JsonSchemaNode): string {
  if (node.anyOf) return node.anyOf.map(typeName).join(' | ');
  if (node.enum) return node.enum.map(String).join(' | ');
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.type === 'array') {
    const items = typeName(node.items ?? {});
    return `list of ${items.includes(' | ') ? `(${items})` : items}`;
  }
  return node.type ?? 'value';
}
