// Tables with whatever may get lost on the way: ties, other alphabets, nulls; more rows than a record batch holds.
import type { Embeddings, Explanations, RawTables } from '@expctr/data';
import { explanationsFromRows } from '@expctr/data';

/** Interactions of all users with all items. */
export function worldTables(users = 700, items = 110): RawTables {
  const length = users * items;
  const row = (make: (user: number, item: number) => number): number[] =>
    Array.from({ length }, (_, i) => make(i % users, Math.floor(i / users)));
  const itemIds = Array.from({ length: items }, (_, item) => `本${item}`);
  return {
    ratings: {
      length,
      user: Int32Array.from(row((user) => user)),
      item: Int32Array.from(row((_, item) => item)),
      userIds: Array.from({ length: users }, (_, user) => `użytkownik ${user}`),
      itemIds,
      rating: Float32Array.from(row((user, item) => 1 + ((user + item) % 9) / 2)),
      timestamp: Float64Array.from(row((user, item) => Date.UTC(1999, 0, 1) + (item - (item % 3)) * 86_400_123 + user)),
    },
    items: {
      itemIds,
      title: Array.from({ length: items }, (_, item) => (item === 0 ? '' : `Titre “${item}”, l'été 🎬`)),
      attributes: { genres: Array.from({ length: items }, (_, item) => ['Drama', 'Žánr', 'War'].slice(0, item % 4)) },
      numbers: { price: Float32Array.from({ length: items }, (_, item) => (item % 7 === 0 ? NaN : item / 4)) },
      year: Float32Array.from({ length: items }, (_, item) => (item % 5 === 0 ? NaN : 1950 + item)),
    },
    files: [],
    notes: [],
  };
}

/** Vectors for more rows than a record batch holds. */
export function someEmbeddings(length = 70_000): Embeddings {
  return {
    length,
    interactionId: Uint32Array.from({ length }, (_, i) => i),
    dimension: 5,
    values: Float32Array.from({ length: 5 * length }, (_, i) => Math.fround(Math.sin(i))),
    encoder: 'sinus',
    normalized: false,
  };
}

/** Texts with line breaks and quotation marks, rewards with nulls. */
export function someExplanations(): Explanations {
  return explanationsFromRows(
    Array.from({ length: 9 }, (_, i) => ({
      interactionId: i,
      iteration: i % 2,
      stage: 'stage1',
      explanation: `они любят ${i}\n"да"`,
      read: '',
      tokenCount: i,
      finishReason: i % 2 === 0 ? 'stop' : 'length',
      rewards: { lc: i % 3 === 0 ? null : i / 8 },
    })),
  );
}
