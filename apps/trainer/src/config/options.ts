import { z } from 'zod';
import { configSchema } from './schema.js';

/** One leaf of the configuration: what `--set` takes and `--help` explains. */
export interface OptionDescription {
  /** Dotted path, such as `ppo.learningRate`. */
  readonly path: string;
  readonly description: string;
  readonly default: unknown;
  /** The values it takes, in words. */
  readonly type: string;
}

interface JsonSchemaNode {
  type?: string;
  properties?: Record<string, JsonSchemaNode>;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchemaNode[];
  items?: JsonSchemaNode;
  [keyword: string]: unknown;
}

/** The configuration as a JSON Schema (draft 2020-12), for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: 'input' });
}

/** Every leaf of the configuration, in the order of the schema. */
export function listOptions(): OptionDescription[] {
  const found: OptionDescription[] = [];
  visit(configJsonSchema(), '', found);
  return found;
}

function visit(node: JsonSchemaNode, path: string, found: OptionDescription[]): void {
  if (node.properties) {
    for (const [name, child] of Object.entries(node.properties)) visit(child, path === '' ? name : `${path}.${name}`, found);
    return;
  }
  found.push({ path, description: node.description ?? '', default: node.default, type: typeName(node) });
}

function typeName(node: JsonSchemaNode): string {
  if (node.anyOf) return node.anyOf.map(typeName).join(' | ');
  if (node.enum) return node.enum.map(String).join(' | ');
  if (node.type === 'array') return `list of ${typeName(node.items ?? {})}`;
  return node.type ?? 'value';
}
