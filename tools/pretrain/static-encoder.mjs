// Learns the table of the static encoder that @expctr/encoder ships, from texts of a testbed world that no run evaluates in.
//
// usage: node tools/pretrain/static-encoder.mjs [--users 600] [--dimension 32] [--out packages/encoder/src/static/default-table.arrow]
// Build first (npm run build). The same options write the same bytes.
//
// The corpus: one explanation for every interaction, by writers of whom 40 % give the user's true reasons, 45 % one or two attributes
// of the item, always in favor, and 15 % attributes and signs at random; and the text of every item.
import { parseArgs } from 'node:util';
import { createRng } from '@expctr/core';
import { itemText } from '@expctr/data';
import { fitStaticTable, saveStaticTable } from '@expctr/encoder';
import { generateWorld, prepareWorld, trueReasons } from '@expctr/testbed';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '600' },
    dimension: { type: 'string', default: '32' },
    out: { type: 'string', default: 'packages/encoder/src/static/default-table.arrow' },
  },
});

const phrases = { 1: ['delights', 'pleases', 'suits'], [-1]: ['bores', 'annoys', 'repels'] };
const rng = createRng('static-encoder');
const pick = (list) => list[rng.int(list.length)];
const world = generateWorld({ seed: 'static-encoder', users: Number(values.users), items: 400 });
const { dataset, truth } = prepareWorld(world);
const attributesOf = (item) =>
  Object.entries(dataset.items.attributes).flatMap(([field, lists]) => lists[item].map((value) => ({ field, value })));

function claims(row) {
  const attributes = attributesOf(dataset.interactions.item[row]);
  const writer = rng.next();
  if (writer < 0.4) return trueReasons(truth[row]).slice(0, 3);
  if (writer < 0.85)
    return rng
      .shuffle(attributes)
      .slice(0, 1 + rng.int(2))
      .map((attribute) => ({ ...attribute, sign: 1 }));
  return rng
    .shuffle(attributes)
    .slice(0, 1 + rng.int(3))
    .map((attribute) => ({ ...attribute, sign: pick([1, -1]) }));
}

const sentence = ({ value, sign }) => `${value} ${pick(phrases[sign])} them.`;
const explanations = truth.map((_, row) => claims(row).map(sentence).join(' ') || 'nothing stands out.');
const items = dataset.items.itemIds.map((_, item) => {
  const { title, attributes } = itemText(dataset.items, item);
  return [title, ...Object.entries(attributes).map(([name, list]) => `${name}: ${list.join(', ')}`)].join('. ');
});
const table = fitStaticTable([...explanations, ...items], { dimension: Number(values.dimension) });
await saveStaticTable(values.out, table);
console.log(
  `${values.out}: ${table.features.length} words and pairs, ${table.dimension} dimensions, from ${explanations.length} explanations and ${items.length} items`,
);
