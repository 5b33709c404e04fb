// Learns the table of the static encoder that @expctr/encoder ships, from texts of a testbed world that no run evaluates in.
//
// usage: npm run tool -- tools/pretrain/static-encoder.ts [--users 600] [--dimension 32] [--out packages/encoder/src/static/default-table.arrow]
// The same options write the same bytes.
//
// The corpus: one explanation for every interaction, by writers of whom 40 % give the user's true reasons, 45 % one or two attributes
// of the item, always in favor, and 15 % attributes and degrees at random; half of them with `it` in the place of attributes, as an encoder
// by attribute is given them; and the text of every item. One world in two speaks of games.
import { createRng } from '@expctr/core';
import { itemText } from '@expctr/data';
import { fitStaticTable, saidOf, saveStaticTable } from '@expctr/encoder';
import { generateWorld, prepareWorld, trueReasons } from '@expctr/testbed';
import { DEGREES, sayClaim, type Degree } from '@expctr/testbed/pretraining';
import { toolArguments, wholeNumber } from '../common/arguments.js';

const { values } = toolArguments({
  users: { type: 'string', default: '600' },
  dimension: { type: 'string', default: '32' },
  out: { type: 'string', default: 'packages/encoder/src/static/default-table.arrow' },
});
const [users, dimension] = [wholeNumber('--users', values.users), wholeNumber('--dimension', values.dimension)];

const rng = createRng('static-encoder');
const worlds = [false, true].map((secondDomain) =>
  prepareWorld(generateWorld({ seed: 'static-encoder', users: users / 2, items: 400, secondDomain })),
);
type World = (typeof worlds)[number];

const attributesOf = ({ items }: World, item: number): string[] => Object.values(items.attributes).flatMap((lists) => lists[item]!);
const some = (values: readonly string[], most: number): string[] => rng.shuffle([...values]).slice(0, 1 + rng.int(most));

function explanation(world: World, row: number): string {
  const attributes = attributesOf(world, world.interactions.item[row]!);
  const writer = rng.next();
  const claims =
    writer < 0.4
      ? trueReasons(world.truth[row]!).map(({ value, sign, strength }) => sayClaim(value, (sign * strength) as Degree))
      : writer < 0.85
        ? some(attributes, 2).map((value) => sayClaim(value, 1))
        : some(attributes, attributes.length).map((value) => sayClaim(value, DEGREES[rng.int(DEGREES.length)]!));
  const text = claims.join(' ') || 'nothing stands out.';
  return rng.next() < 0.5 ? text : saidOf(text, attributes) || text;
}

const explanations = worlds.flatMap((world) => world.truth.map((_, row) => explanation(world, row)));
const items = worlds.flatMap(({ items: own }) =>
  own.itemIds.map((_, item) => {
    const { title, attributes } = itemText(own, item);
    return [title, ...Object.entries(attributes).map(([name, list]) => `${name}: ${list.join(', ')}`)].join('. ');
  }),
);
const table = fitStaticTable([...explanations, ...items], { dimension });
await saveStaticTable(values.out, table);
console.log(
  `${values.out}: ${table.features.length} words and pairs, ${table.dimension} dimensions, from ${explanations.length} explanations and ${items.length} items`,
);
