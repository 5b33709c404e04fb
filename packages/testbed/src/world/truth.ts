import type { Interactions, TruthRow } from '@expctr/data';
import { TestbedError } from '../errors.js';
import type { WorldRow } from './user.js';
import { valueNames } from './vocabulary.js';
import type { World } from './world.js';

/** What is needed of interactions to know which they are. */
export type InteractionKeys = Pick<Interactions, 'length' | 'user' | 'item' | 'userIds' | 'itemIds'>;

/**
 * What the world knows of each of these interactions, which were prepared from its tables, in their order.
 * @throws TestbedError `TESTBED_OTHER_ROWS` for one that it does not know
 */
export function* truthOf(world: World, interactions: InteractionKeys): Generator<TruthRow, undefined> {
  const names = valueNames(world.domain);
  const itemAt = new Map(world.items.map(({ itemId }, at) => [itemId, at]));
  const codes = interactions.itemIds.map((id) => itemAt.get(id));
  let known: { readonly user: number; readonly rows: ReadonlyMap<number, WorldRow> } | undefined;
  for (let row = 0; row < interactions.length; row += 1) {
    const user = Number(/^u(\d+)$/u.exec(interactions.userIds[interactions.user[row]!]!)?.[1]) - 1;
    if (!(user >= 0 && user < world.options.users)) throw otherRow(row, interactions);
    if (known?.user !== user) known = { user, rows: new Map(world.user(user).rows.map((one) => [one.item, one])) };
    const own = known.rows.get(codes[interactions.item[row]!] ?? -1);
    if (own === undefined) throw otherRow(row, interactions);
    const { values } = world.items[own.item]!;
    const reasons = own.contributions.flatMap((contribution, field) =>
      contribution === 0 ? [] : [{ field: world.domain.fields[field]!.name, value: names[values[field]!]!, contribution }],
    );
    yield { interactionId: row, bayesProbability: own.bayesProbability, reasons };
  }
}

function otherRow(row: number, { user, userIds, item, itemIds }: InteractionKeys): TestbedError {
  const [who, what] = [userIds[user[row]!], itemIds[item[row]!]];
  return new TestbedError('TESTBED_OTHER_ROWS', `the world has no interaction of user '${who}' with item '${what}'`, {
    where: `interaction ${row}`,
    expected: 'interactions that were prepared from the tables of this world',
    remedy: 'prepare them without sampled negatives (data.label=threshold), and from a world of the same options',
  });
}
