import { valueIds, type Feature, type FeatureSchema, type TableSchema } from '@expctr/ctr-models';
import { categoricalInput } from './categorical.js';
import { eventsInput } from './events.js';
import type { FeatureInput, Vocabulary } from './input.js';
import { listInput } from './list.js';
import { numberInput } from './number.js';
import { vectorInput } from './vector.js';

/** Features that a row has a value for; the others follow from these. */
type GivenFeature = Exclude<Feature, { readonly kind: 'frequency' | 'length' }>;

type VocabularyOf = (feature: { readonly table: string }) => Vocabulary;

/** How each kind of feature comes in. The compiler asks for a line where the kinds grow. */
const inputs: {
  readonly [K in GivenFeature['kind']]: (feature: Extract<GivenFeature, { readonly kind: K }>, of: VocabularyOf) => FeatureInput;
} = {
  categorical: (feature, of) => categoricalInput(feature, of(feature)),
  'multi-valued': (feature, of) => listInput(feature, of(feature)),
  sequence: (feature, of) => listInput(feature, of(feature)),
  events: (feature, of) => eventsInput(feature, of),
  numeric: (feature) => numberInput(feature),
  dense: (feature) => vectorInput(feature),
};

/**
 * The inputs of a model in the order of its features.
 * @param graph names of the graph's inputs: a backbone without sequences takes no past events, whatever its schema has
 */
export function featureInputs(schema: FeatureSchema, graph: readonly string[]): FeatureInput[] {
  const vocabularies = new Map(schema.tables.map((table) => [table.name, vocabularyOf(table)]));
  const of: VocabularyOf = ({ table }) => vocabularies.get(table)!;
  return schema.features.flatMap((feature) => {
    if (feature.kind === 'frequency' || feature.kind === 'length') return [];
    if (!graph.some((name) => name === feature.name || name.startsWith(`${feature.name}.`))) return [];
    const make = inputs[feature.kind] as (feature: GivenFeature, of: VocabularyOf) => FeatureInput;
    return [make(feature, of)];
  });
}

function vocabularyOf(table: TableSchema): Vocabulary {
  const { hash, vocabulary } = table;
  const description =
    hash === undefined ? `one of ${vocabulary.length} values; any other is unknown` : `any value, in ${hash.buckets} buckets`;
  return { idOf: valueIds(table), description };
}
