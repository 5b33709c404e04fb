import { createRng } from '@expctr/core';
import { prepareTables, type Dataset, type RawTables } from '@expctr/data';
import { z } from 'zod';

const options = z.object({
  guests: z.int().min(2).default(40).describe('guests of the town'),
  cafes: z.int().min(2).default(30).describe('cafés of the town'),
  visits: z.int().min(10).default(20).describe('visits of each guest'),
});

const STYLES = ['espresso', 'tea', 'cake', 'brunch'];
const MOODS = ['quiet', 'lively', 'cozy'];

/** A town in which each guest likes one style and one mood. */
export const cafes: Dataset<z.output<typeof options>> = {
  name: 'cafes',
  description: 'cafés and their guests, made up',
  options,
  prepare: ({ seed, onBadRow, data, options }) =>
    Promise.resolve(prepareTables(town(options, seed), { dataset: 'cafes', seed, onBadRow, data })),
};

function town({ guests, cafes, visits }: z.output<typeof options>, seed: number): RawTables {
  const rng = createRng(seed).fork('cafes');
  const style = Array.from({ length: cafes }, () => rng.int(STYLES.length));
  const mood = Array.from({ length: cafes }, () => rng.int(MOODS.length));
  const rows = Array.from({ length: guests }, (_, guest) => {
    const own = rng.fork('guest', guest);
    const likes = { style: own.int(STYLES.length), mood: own.int(MOODS.length) };
    const seen = own.shuffle(Array.from({ length: cafes }, (_, cafe) => cafe)).slice(0, visits);
    return seen.map((cafe, visit) => {
      const agrees = Number(style[cafe] === likes.style) + Number(mood[cafe] === likes.mood);
      return { guest, cafe, rating: Math.min(5, 2 + 2 * agrees + own.int(2)), timestamp: 86_400_000 * (visit + 1) };
    });
  }).flat();
  const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name} ${at + 1}`);
  return {
    ratings: {
      length: rows.length,
      user: Int32Array.from(rows, ({ guest }) => guest),
      item: Int32Array.from(rows, ({ cafe }) => cafe),
      userIds: numbered('guest', guests),
      itemIds: numbered('café', cafes),
      rating: Float32Array.from(rows, ({ rating }) => rating),
      timestamp: Float64Array.from(rows, ({ timestamp }) => timestamp),
    },
    items: {
      itemIds: numbered('café', cafes),
      title: numbered('Café', cafes),
      attributes: { style: style.map((at) => [STYLES[at]!]), mood: mood.map((at) => [MOODS[at]!]) },
      year: new Float32Array(cafes).fill(NaN),
    },
    files: [],
    notes: ['The town is made up.'],
  };
}
