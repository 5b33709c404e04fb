import { z } from 'zod';
import type { Registry } from '../plugins/registry.js';
import { commonFields, type PartialConfig } from './schema.js';
import { chosenPart, partsOf, rewardsSchema, SECTIONS, sectionSchema, type Section } from './sections.js';

/** The whole configuration for the parts that `config` chooses. @throws ConfigError `CONFIG_UNKNOWN_PART` */
export function configSchema(registry: Registry, config: PartialConfig): z.ZodObject {
  return wholeSchema(registry, (section) => sectionSchema(section, chosenPart(section, config, registry)));
}

/** The whole configuration as a JSON Schema (draft 2020-12) for editors: every part that there is, each with its own options. */
export function configJsonSchema(registry: Registry): Record<string, unknown> {
  const whole = wholeSchema(registry, (section) => anyPart(section, registry));
  return z.toJSONSchema(whole, { io: 'input', unrepresentable: 'any' });
}

function wholeSchema(registry: Registry, schemaOf: (section: Section) => z.ZodType): z.ZodObject {
  const sections = SECTIONS.map((section) => [section.name, schemaOf(section).prefault({})]);
  return z
    .strictObject({ ...commonFields, ...Object.fromEntries(sections), rewards: rewardsSchema(registry).prefault({}) })
    .describe('Configuration of expctr-train');
}

/** One alternative a part, told apart by the option that names it where that stands in the section. */
function anyPart(section: Section, registry: Registry): z.ZodType {
  const [within, option] = section.chosenBy.split('.');
  const alternatives = partsOf(registry, section.kind).map((part) => {
    const schema = sectionSchema(section, part).describe(part.description);
    if (within !== section.name || option === undefined || section.name === 'encoder') return schema;
    const chosen = section.common.shape[option] as z.ZodDefault<z.ZodString>;
    const isDefault = chosen.parse(undefined) === part.name;
    const literal = z.literal(part.name).describe(chosen.description ?? '');
    return schema.extend({ [option]: isDefault ? literal.default(part.name) : literal });
  });
  return alternatives.length === 1 ? alternatives[0]! : z.union(alternatives as [z.ZodObject, z.ZodObject]);
}

/** Of a section of a complete configuration the options that `options` describes: a part's own, or those that all parts share. */
export function optionsOf<O extends object>(options: z.ZodType<O> & z.ZodObject, section: Readonly<Record<string, unknown>>): O {
  return Object.fromEntries(Object.keys(options.shape).map((name) => [name, section[name]])) as O;
}
