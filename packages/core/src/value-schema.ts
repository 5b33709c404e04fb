/** What JSON Schema says of one option, as far as error messages and help texts need it. */
export interface ValueSchema {
  /** `string`, `number`, `integer`, `boolean`, `array`, `object` or `null`. */
  readonly type?: string;
  /** All values that there are. */
  readonly enum?: readonly unknown[];
  /** The only value. */
  readonly const?: unknown;
  /** It has to follow one of these. */
  readonly anyOf?: readonly ValueSchema[];
  /** What the entries of a list follow. */
  readonly items?: ValueSchema | boolean;
  /** The least number. */
  readonly minimum?: number;
  /** The largest number. */
  readonly maximum?: number;
  /** Numbers are above this. */
  readonly exclusiveMinimum?: number;
  /** Numbers are below this. */
  readonly exclusiveMaximum?: number;
  /** The value where none is given. */
  readonly default?: unknown;
}

/** The values that an option takes, in words: `integer from 1 to 1,000`, `list of string`, `stop | warn`. */
export function typeInWords(schema: ValueSchema): string {
  if (schema.anyOf) return schema.anyOf.map(typeInWords).join(' | ');
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === 'array') {
    const items = typeInWords(itemsOf(schema));
    return `list of ${items.includes(' | ') ? `(${items})` : items}`;
  }
  if (schema.type === 'integer' || schema.type === 'number') return `${schema.type}${rangeInWords(schema)}`;
  return schema.type ?? 'value';
}

/** A value that is right, as JSON: of a list one with entries, for how a list is written is what people ask. */
export function exampleOf(schema: ValueSchema): unknown {
  const { default: given } = schema;
  if (Array.isArray(given) ? given.length > 0 : given !== undefined && given !== null) return given;
  if (schema.anyOf) return exampleOf(schema.anyOf.find(({ type }) => type !== 'null') ?? {});
  if (schema.enum) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  const examples: Readonly<Record<string, unknown>> = { string: 'name', boolean: true, object: {} };
  if (schema.type === 'array') return [exampleOf(itemsOf(schema))];
  if (schema.type === 'integer' || schema.type === 'number') return numberWithin(schema);
  return examples[schema.type ?? ''] ?? null;
}

function itemsOf({ items }: ValueSchema): ValueSchema {
  return typeof items === 'object' ? items : {};
}

function numberWithin({ minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity }: ValueSchema): number {
  return Math.min(Math.max(1, minimum, exclusiveMinimum > 1 ? exclusiveMinimum + 1 : exclusiveMinimum), maximum);
}

/** ` from 1 to 1,000`, ` above 0`; whole numbers that only JavaScript bounds have no bound. */
function rangeInWords({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: ValueSchema): string {
  const known = (bound: number | undefined): bound is number =>
    bound !== undefined && (type !== 'integer' || Math.abs(bound) < Number.MAX_SAFE_INTEGER);
  const text = (bound: number): string =>
    Math.abs(bound) < 1e9 ? bound.toLocaleString('en-US', { maximumFractionDigits: 20 }) : String(bound);
  const low = known(exclusiveMinimum) ? `above ${text(exclusiveMinimum)}` : known(minimum) ? `from ${text(minimum)}` : undefined;
  const high = known(exclusiveMaximum) ? `below ${text(exclusiveMaximum)}` : known(maximum) ? `to ${text(maximum)}` : undefined;
  return [low, high]
    .filter((bound) => bound !== undefined)
    .map((bound) => ` ${bound}`)
    .join('');
}
