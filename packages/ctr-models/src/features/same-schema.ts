import { sha256 } from '@expctr/core';
import type { FeatureSchema } from './schema.js';

const digests = new WeakMap<object, string>();

/** Whether two schemas say the same, so that ids of one are ids of the other. */
export function sameSchema(a: FeatureSchema, b: FeatureSchema): boolean {
  // Vocabularies are long, and schemas that differ in their dense features share them.
  return a === b || (digestOf(a.features) === digestOf(b.features) && digestOf(a.tables) === digestOf(b.tables));
}

function digestOf(part: object): string {
  const known = digests.get(part);
  if (known !== undefined) return known;
  const digest = sha256(JSON.stringify(part));
  digests.set(part, digest);
  return digest;
}
