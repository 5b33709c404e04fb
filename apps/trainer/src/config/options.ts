import { exampleOf, typeInWords, type ValueSchema } from '@expctr/core';
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
  /** A right value: the default, or one that shows how it is written where that is empty. */
  readonly example: unknown;
  /** The part whose own it is; undefined for those that stand in every configuration. */
  readonly part?: { readonly chosenBy: string; readonly name: string };
}

type JsonSchemaNode = ValueSchema & {
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly description?: string;
  readonly additionalProperties?: unknown;
};

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
  if (node.type === 'object' && typeof node.additionalProperties !== 'object') return; // a section without options
  found.push({ path, description: node.description ?? '', default: node.default, type: typeInWords(node), example: exampleOf(node) });
}
