// Learns the table of the static encoder that @expctr/encoder ships, from texts of a testbed world that no run evaluates in.
//
// usage: npm run tool -- tools/pretrain/static-encoder.ts [--users 600] [--dimension 32] [--out packages/encoder/src/static/default-table.arrow]
// The same options write the same bytes.
//
// The corpus: one explanation for every interaction, by writers of whom 40 % give the user's true reasons, 45 % one or two attributes
// of the item, always in favor, and 15 % attributes and signs at random; and the text of every item.
import { createRng } from '@expctr/core';
import { itemText } from '@expctr/data';
import { fitStaticTable, saveStaticTable } from '@expctr/encoder';
import { generateWorld, prepareWorld, trueReasons, type Claim } from '@expctr/testbed';
import { toolArguments, wholeNumber } from '../common/arguments.js';

const { values } = toolArguments({
  users: { type: 'string', default: '600' },
  dimension: { type: 'string', default: '32' },
  out: { type: 'string', default: 'packages/encoder/src/static/default-table.arrow' },
});
const [users, dimension] = [wholeNumber('--users', values.users), wholeNumber('--dimension', values.dimension)];

const PHRASES = { 1: ['delights', 'pleases', 'suits'], [-1]: ['bores', 'annoys', 'repels'] } as const;
const rng = createRng('static-encoder');
const pick = <T>(list: readonly T[]): T => list[rng.int(list.length)]!;
const world = generateWorld({ seed: 'static-encoder', users, items: 400 });
const dataset = prepareWorld(world);
const attributesOf = (item: number): Omit<Claim, 'sign'>[] =>
  Object.entries(dataset.items.attributes).flatMap(([field, lists]) => lists[item]!.map((value) => ({ field, value })));

function claims(row: number): Omit<Claim, 'field'>[] {
  const attributes = attributesOf(dataset.interactions.item[row]!);
  const writer = rng.next();
  if (writer < 0.4) return trueReasons(dataset.truth[row]!).slice(0, 3);
  if (writer < 0.85)
    return rng
      .shuffle(attributes)
      .slice(0, 1 + rng.int(2))
      .map((attribute) => ({ ...attribute, sign: 1 }));
  return rng
    .shuffle(attributes)
    .slice(0, 1 + rng.int(3))
    .map((attribute) => ({ ...attribute, sign: pick([1, -1] as const) }));
}

const sentence = ({ value, sign }: Omit<Claim, 'field'>): string => `${value} ${pick(PHRASES[sign])} them.`;
const explanations = dataset.truth.map((_, row) => claims(row).map(sentence).join(' ') || 'nothing stands out.');
const items = dataset.items.itemIds.map((_, item) => {
  const { title, attributes } = itemText(dataset.items, item);
  return [title, ...Object.entries(attributes).map(([name, list]) => `${name}: ${list.join(', ')}`)].join('. ');
});
const table = fitStaticTable([...explanations, ...items], { dimension });
await saveStaticTable(values.out, table);
console.log(
  `${values.out}: ${table.features.length} words and pairs, ${table.dimension} dimensions, from ${explanations.length} explanations and ${items.length} items`,
);
