import { sha256 } from '@expctr/core';
import type { FeatureSchema } from '../features/schema.js';

const digests = new WeakMap<FeatureSchema, string>();

/** Whether two schemas say the same, so that ids of one are ids of the other. */
export function sameSchema(a: FeatureSchema, b: FeatureSchema): boolean {
  return a === b || digestOf(a) === digestOf(b);
}

function digestOf(schema: FeatureSchema): string {
  const known = digests.get(schema);
  if (known !== undefined) return known;
  const digest = sha256(JSON.stringify([schema.tables, schema.features]));
  digests.set(schema, digest);
  return digest;
}
