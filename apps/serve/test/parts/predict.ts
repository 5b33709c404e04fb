import { createRng } from '@expctr/core';
import { historyOf } from '@expctr/data';
import { describe, expect, test } from 'vitest';
import { serveRun } from '../../src/index.js';
import { ask, refusal } from '../client.js';
import type { MadeRun } from '../made-run.js';
import type { Given } from './given.js';

interface Predicted {
  readonly probabilities: number[];
  readonly explanations: (string | null)[];
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (x, k) => Math.abs(x - b[k]!)).reduce((m, d) => Math.max(m, d), 0);

/** Test rows as pairs. */
export function testPairs({ predictions, dataset: { interactions } }: MadeRun): { user: string; item: string }[] {
  return Array.from(predictions[0]!.interactionId, (row) => ({
    user: interactions.userIds[interactions.user[row]!]!,
    item: interactions.itemIds[interactions.item[row]!]!,
  }));
}

/** The first test pair as a request describes it that names nothing: ids apart, all that the run knows. */
export function described({ predictions, dataset: { interactions, items } }: MadeRun, at = 0): { user: object; item: object } {
  const row = predictions[0]!.interactionId[at]!;
  const item = (code: number): object => ({
    id: items.itemIds[code]!,
    title: items.title[code]!,
    year: items.year[code]!,
    attributes: Object.fromEntries(Object.entries(items.attributes).map(([name, lists]) => [name, lists[code]!])),
  });
  return {
    user: {
      id: interactions.userIds[interactions.user[row]!]!,
      history: Array.from(historyOf(interactions, row), (past) => ({
        item: item(interactions.item[past]!),
        liked: interactions.label[past] === 1,
      })),
    },
    item: item(interactions.item[row]!),
  };
}

export function predictTests(given: Given): void {
  const predicted = async (body: unknown): Promise<Predicted> => {
    const { status, value } = await ask<Predicted>(given.url, '/v1/predict', body);
    expect([status, value]).toEqual([200, value]);
    return value;
  };

  describe('POST /v1/predict', () => {
    test('gives test rows the probabilities that the run gave them, by user and item', async () => {
      const { probabilities, explanations } = await predicted({ rows: testPairs(given.run) });
      expect(largest(probabilities, given.run.predictions[0]!.probability)).toBeLessThan(1e-6);
      expect(new Set(explanations)).toEqual(new Set(['stored']));
    });

    test('serves the model without explanations where that is asked for', async () => {
      const server = await serveRun(given.run.folder.root, { port: 0, predictor: 'id-history' });
      const { value } = await ask<Predicted>(server.url, '/v1/predict', { rows: testPairs(given.run) });
      expect(largest(value.probabilities, given.run.predictions[1]!.probability)).toBeLessThan(1e-6);
      await server.stop();
    });

    test('a model file by itself answers rows of features, which make the same probability as the pair', async () => {
      const server = await serveRun(given.run.folder.ctr, { port: 0 });
      const [pair] = testPairs(given.run);
      const features = featuresOfFirst(given.run);
      const { value } = await ask<Predicted>(server.url, '/v1/predict', { rows: [{ features }] });
      const without = await predicted({ rows: [pair, { features }], explanation: 'none' });
      expect(without.probabilities[1]).toBeCloseTo(without.probabilities[0]!, 6);
      expect(value.probabilities[0]).toBeCloseTo(without.probabilities[0]!, 6);
      expect(without.explanations).toEqual(['nothing', null]);
      expect(refusal(await ask(server.url, '/v1/predict', { rows: [pair] }))).toBe('404 SERVE_NO_DATA rows[0].user');
      expect(refusal(await ask(server.url, '/v1/explain', pair))).toBe('404 SERVE_NO_DATA');
      expect(refusal(await ask(server.url, '/v1/users'))).toBe('404 SERVE_NO_DATA');
      await server.stop();
    });

    test('a user and an item that are described are as those of the run, and a description that differs counts', async () => {
      const [pair] = testPairs(given.run);
      const { user, item } = described(given.run);
      const genres = { attributes: { genres: ['Horror'] } };
      const rows = [
        pair,
        { user, item },
        { user, item: { ...item, id: 'nobody has seen it' } },
        { user, item: genres },
        { user: {}, item },
      ];
      const { probabilities } = await predicted({ rows, explanation: 'none' });
      expect(probabilities[1]).toBeCloseTo(probabilities[0]!, 6);
      expect(new Set(probabilities.slice(1).map((p) => p.toFixed(6))).size).toBe(4);
    });

    test('a user and an item that nobody has seen are told apart by history and attributes alone', async () => {
      const { user, item } = described(given.run) as { user: { history: { liked: boolean }[] }; item: object };
      const unseen = { id: 'new', history: user.history.map((event) => ({ ...event, liked: !event.liked })) };
      const rows = [
        { user: { ...user, id: 'new' }, item: { ...item, id: 'new' } },
        { user: { history: user.history }, item: { ...item, id: 'newer' } },
        { user: unseen, item: { ...item, id: 'new' } },
      ];
      const { probabilities } = await predicted({ rows });
      expect(probabilities[1]).toBe(probabilities[0]);
      expect(probabilities[2]).not.toBeCloseTo(probabilities[0]!, 4);
    });

    test('rows together and one by one, in any order, get the same', async () => {
      const pairs = testPairs(given.run);
      const { probabilities } = await predicted({ rows: pairs });
      const order = createRng(5).shuffle([...pairs.keys()]);
      const single = await Promise.all(order.map((k) => predicted({ rows: [pairs[k]] })));
      single.forEach((one, at) => expect(one.probabilities[0]).toBeCloseTo(probabilities[order[at]!]!, 6));
      expect((await predicted({ rows: [] })).probabilities).toEqual([]);
    });

    test.each<[string, (pair: object, features: Record<string, unknown>) => unknown]>([
      ['400 SERVE_REQUEST the body', () => []],
      ['400 SERVE_REQUEST the body', () => 'null'],
      ['400 SERVE_REQUEST rows', () => ({})],
      ['400 SERVE_REQUEST rows', () => ({ rows: 'all' })],
      ['400 SERVE_REQUEST the body', () => ({ rows: [], explain: true })],
      ['400 SERVE_REQUEST explanation', () => ({ rows: [], explanation: 'always' })],
      ['400 SERVE_REQUEST explanation', () => ({ rows: [], explanation: 1 })],
      ['400 SERVE_REQUEST rows[1]', (pair) => ({ rows: [pair, 7] })],
      ['400 SERVE_REQUEST rows[0]', (pair) => ({ rows: [{ ...pair, rating: 5 }] })],
      ['400 SERVE_REQUEST rows[0].item', () => ({ rows: [{ user: '1' }] })],
      ['400 SERVE_REQUEST rows[0].user', (pair) => ({ rows: [{ ...pair, user: 1 }] })],
      ['400 SERVE_REQUEST rows[0].user', (pair) => ({ rows: [{ ...pair, user: { age: 5 } }] })],
      ['400 SERVE_REQUEST rows[0].user.history[0].liked', (pair) => ({ rows: [{ ...pair, user: { history: [{ item: '1' }] } }] })],
      [
        '404 SERVE_UNKNOWN_ITEM rows[0].user.history[0].item',
        (pair) => ({ rows: [{ ...pair, user: { history: [{ item: '?', liked: true }] } }] }),
      ],
      ['404 SERVE_UNKNOWN_USER rows[0].user', (pair) => ({ rows: [{ ...pair, user: 'constructor' }] })],
      ['404 SERVE_UNKNOWN_ITEM rows[0].item', (pair) => ({ rows: [{ ...pair, item: '' }] })],
      ['400 SERVE_REQUEST rows[0].item.attributes', (pair) => ({ rows: [{ ...pair, item: { attributes: { genre: [] } } }] })],
      ['400 SERVE_REQUEST rows[0].item.attributes.genres', (pair) => ({ rows: [{ ...pair, item: { attributes: { genres: 'Drama' } } }] })],
      ['400 SERVE_REQUEST rows[0].item.attributes.genres[0]', (pair) => ({ rows: [{ ...pair, item: { attributes: { genres: [1] } } }] })],
      ['400 SERVE_REQUEST rows[0].item.year', (pair) => ({ rows: [{ ...pair, item: { year: null } }] })],
      ['400 SERVE_REQUEST rows[0].item.year', () => '{"rows":[{"user":"1","item":{"year":1e999}}]}'],
      ['400 SERVE_REQUEST rows[0].item.numbers', (pair) => ({ rows: [{ ...pair, item: { numbers: { price: 5 } } }] })],
      ['400 SERVE_REQUEST rows[0].features', () => ({ rows: [{ features: [] }] })],
      ['400 SERVE_REQUEST rows[0]', (pair, features) => ({ rows: [{ ...pair, features }] })],
      ['400 SERVE_FEATURE rows[0].features', (_, features) => ({ rows: [{ features: { ...features, mood: 1 } }] })],
      ['400 SERVE_FEATURE rows[0].features.item', (_, features) => ({ rows: [{ features: without(features, 'item') }] })],
      ['400 SERVE_FEATURE rows[0].features.item', (_, features) => ({ rows: [{ features: { ...features, item: {} } }] })],
      [
        '400 SERVE_FEATURE rows[0].features.item_genres[1]',
        (_, features) => ({ rows: [{ features: { ...features, item_genres: ['Drama', []] } }] }),
      ],
      [
        '400 SERVE_FEATURE rows[0].features.evidence_rate',
        (_, features) => ({ rows: [{ features: { ...features, evidence_rate: null } }] }),
      ],
      [
        '400 SERVE_FEATURE rows[0].features.evidence_rate',
        (_, features) => ({ rows: [{ features: { ...features, evidence_rate: '1' } }] }),
      ],
      ['400 SERVE_FEATURE rows[0].features.item_year', (_, features) => ({ rows: [{ features: { ...features, item_year: 1e300 } }] })],
      ['400 SERVE_FEATURE rows[0].features.z', (_, features) => ({ rows: [{ features: { ...features, z: [1, 2] } }] })],
      [
        '400 SERVE_FEATURE rows[0].features.z[3]',
        (_, features) => ({ rows: [{ features: { ...features, z: [1, 2, 3, null, ...new Array<number>(12).fill(0)] } }] }),
      ],
      [
        '400 SERVE_FEATURE rows[0].features.history[0].label',
        (_, features) => ({ rows: [{ features: { ...features, history: [{ item: '1', item_genres: [] }] } }] }),
      ],
      ['413 SERVE_ROWS rows', (pair) => ({ rows: new Array(4097).fill(pair) })],
    ])('refuses %s', async (expected, body) => {
      const [pair] = testPairs(given.run);
      const answer = await ask(given.url, '/v1/predict', body(pair!, featuresOfFirst(given.run)));
      expect(refusal(answer)).toBe(expected);
    });
  });
}

function without(of: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(of).filter(([name]) => name !== key));
}

/** h(u, i) of the first test row as features, worked out here. */
function featuresOfFirst({ predictions, images, dataset: { interactions, items } }: MadeRun): Record<string, unknown> {
  const row = predictions[0]!.interactionId[0]!;
  const past = Array.from(historyOf(interactions, row));
  const item = interactions.item[row]!;
  const genres = (code: number): readonly string[] => items.attributes['genres']![code]!;
  const ids = (label: number): string[] =>
    past.filter((p) => interactions.label[p] === label).map((p) => items.itemIds[interactions.item[p]!]!);
  const count = (genre: string, label: number): number =>
    past.filter((p) => interactions.label[p] === label && genres(interactions.item[p]!).includes(genre)).length;
  const mean = (of: (genre: string) => number): number => genres(item).reduce((sum, genre) => sum + of(genre) / genres(item).length, 0);
  const likes = ids(1).length;
  return {
    user: interactions.userIds[interactions.user[row]!],
    item: items.itemIds[item],
    item_genres: genres(item),
    history_liked: ids(1),
    history_disliked: ids(0),
    item_year: items.year[item],
    evidence_genres: mean((genre) => Math.log((count(genre, 1) + 1) / (count(genre, 0) + 1))),
    evidence_genres_liked: mean((genre) => Math.log1p(count(genre, 1))),
    evidence_genres_disliked: mean((genre) => Math.log1p(count(genre, 0))),
    evidence_rate: Math.log((likes + 1) / (past.length - likes + 1)),
    history: past.map((p) => ({
      item: items.itemIds[interactions.item[p]!],
      item_genres: genres(interactions.item[p]!),
      label: interactions.label[p],
    })),
    image: Array.from(images.data.subarray(item * images.dimension, (item + 1) * images.dimension)),
    z: null,
  };
}
