import { explainRows, POLICY, promptsOf, silentProgress } from '@expctr/trainer';
import { createRng } from '@expctr/core';
import { describe, expect, test } from 'vitest';
import { serveRun } from '../../src/index.js';
import { openPairWriter } from '../../src/explain/language-model.js';
import { createDirectory } from '../../src/pairs/directory.js';
import { resolvePair } from '../../src/pairs/resolve.js';
import { ask, askEvents, refusal } from '../client.js';
import { addPolicy, textOf } from '../made-run.js';
import type { Given } from './given.js';
import { described, testPairs } from './predict.js';

interface Explained {
  readonly explanation: { text: string; read: string; source: string; readerProbability: number | null; cached: boolean };
  readonly prediction: { withExplanation: number | null; withoutExplanation: number };
  readonly evidence: { target: { title: string }; liked: { item: string }[]; disliked: { item: string }[] };
}

export function explainTests(given: Given): void {
  const unexplained = async (): Promise<{ user: string; item: string }> => {
    const { user } = testPairs(given.run)[0]!;
    const { value } = await ask<{ items: { id: string; explained: boolean }[] }>(given.url, `/v1/items?user=${user}&limit=1000`);
    return { user, item: value.items.find(({ explained }) => !explained)!.id };
  };

  describe('POST /v1/explain', () => {
    test('looks up what the run wrote, with its prediction, that without it, and the history that it rests on', async () => {
      const { predictions, dataset } = given.run;
      const row = predictions[0]!.interactionId[1]!;
      const [, pair] = testPairs(given.run);
      const { value } = await ask<Explained>(given.url, '/v1/explain', pair);
      expect(value.explanation).toEqual({
        text: `${textOf(row)} Yes.`,
        read: textOf(row),
        source: 'stored',
        readerProbability: 0.25,
        cached: false,
      });
      expect(value.prediction.withExplanation).toBeCloseTo(predictions[0]!.probability[1]!, 6);
      const without = await ask<{ probabilities: number[] }>(given.url, '/v1/predict', { rows: [pair], explanation: 'none' });
      expect(value.prediction.withoutExplanation).toBeCloseTo(without.value.probabilities[0]!, 6);
      expect(value.prediction.withoutExplanation).not.toBeCloseTo(value.prediction.withExplanation!, 4);
      const { interactions } = dataset;
      const past = Array.from(interactions.history.subarray(interactions.historyOffsets[row], interactions.historyOffsets[row + 1]));
      const ids = (label: number): string[] =>
        past
          .filter((p) => interactions.label[p] === label)
          .map((p) => interactions.itemIds[interactions.item[p]!]!)
          .reverse();
      expect([value.evidence.liked, value.evidence.disliked].map((list) => list.map(({ item }) => item))).toEqual([ids(1), ids(0)]);
    });

    test('an explanation that the reader was not asked about says so', async () => {
      const { value } = await ask<Explained>(given.url, '/v1/explain', testPairs(given.run)[0]);
      expect(value.explanation.readerProbability).toBeNull();
    });

    test('comes in parts where that is asked for, the last of which is the whole', async () => {
      const [, pair] = testPairs(given.run);
      const whole = await ask<Explained>(given.url, '/v1/explain', pair);
      const events = await askEvents(given.url, '/v1/explain', pair);
      expect(events.map(({ event }) => event)).toEqual(['evidence', 'explanation', 'prediction', 'answer']);
      expect(events.at(-1)!.data).toEqual(whole.value);
      expect(await askEvents(given.url, '/v1/explain', { ...pair, stream: true })).toEqual(events);
    });

    test('where the run wrote nothing and no language model was asked for, it says what to do', async () => {
      const pair = await unexplained();
      expect(refusal(await ask(given.url, '/v1/explain', pair))).toBe('404 SERVE_NO_EXPLANATION');
      expect(refusal(await ask(given.url, '/v1/explain', { ...pair, stream: true }))).toBe('404 SERVE_NO_EXPLANATION');
      expect(refusal(await ask(given.url, '/v1/explain', { ...testPairs(given.run)[0], source: 'generated' }))).toBe(
        '404 SERVE_NO_EXPLANATION',
      );
      expect(refusal(await ask(given.url, '/v1/predict', { rows: [pair], explanation: 'required' }))).toBe(
        '404 SERVE_NO_EXPLANATION rows[0]',
      );
      const { value } = await ask<{ explanations: string[] }>(given.url, '/v1/predict', { rows: [pair] });
      expect(value.explanations).toEqual(['nothing']);
    });

    test.each([
      ['400 SERVE_REQUEST user', { item: '1' }],
      ['400 SERVE_REQUEST source', { user: '1', item: '1', source: 'thought' }],
      ['400 SERVE_REQUEST stream', { user: '1', item: '1', stream: 'yes' }],
      ['400 SERVE_REQUEST the body', { user: '1', item: '1', rows: [] }],
      ['404 SERVE_UNKNOWN_USER user', { user: '?', item: '1' }],
      ['404 SERVE_UNKNOWN_ITEM item', { user: {}, item: '?' }],
    ])('refuses %s', async (expected, body) => {
      expect(refusal(await ask(given.url, '/v1/explain', body))).toBe(expected);
    });

    test('a model without explanations is served with those of the run beside its prediction', async () => {
      const server = await serveRun(given.run.folder.root, { port: 0, predictor: 'id-history' });
      const { value } = await ask<Explained>(server.url, '/v1/explain', testPairs(given.run)[0]);
      expect(value.explanation.source).toBe('stored');
      expect(value.prediction.withExplanation).toBeNull();
      expect(value.prediction.withoutExplanation).toBeCloseTo(given.run.predictions[1]!.probability[0]!, 6);
      await server.stop();
    });

    test('users and items are listed, those that the run explained first', async () => {
      const { interactions } = given.run.dataset;
      const users = await ask<{ total: number; users: { id: string }[] }>(given.url, '/v1/users?limit=2');
      expect(users.value).toEqual({ total: interactions.userIds.length, users: interactions.userIds.slice(0, 2).map((id) => ({ id })) });
      const { user, item } = testPairs(given.run)[0]!;
      const items = await ask<{ items: { id: string; title: string; explained: boolean }[] }>(
        given.url,
        `/v1/items?user=${user}&limit=1000`,
      );
      expect(items.value.items).toHaveLength(interactions.itemIds.length);
      expect(items.value.items.filter(({ explained }) => explained)).toEqual(
        items.value.items.slice(
          0,
          items.value.items.findIndex(({ explained }) => !explained),
        ),
      );
      const { title } = items.value.items.find(({ id }) => id === item)!;
      const found = await ask<{ items: { id: string }[] }>(given.url, `/v1/items?search=${encodeURIComponent(title.toUpperCase())}`);
      expect(found.value.items.map(({ id }) => id)).toContain(item);
      expect(refusal(await ask(given.url, '/v1/users?limit=0'))).toBe('400 SERVE_REQUEST limit');
      expect(refusal(await ask(given.url, '/v1/users?page=2'))).toBe('400 SERVE_REQUEST');
      expect(refusal(await ask(given.url, '/v1/items?user=%3F'))).toBe('404 SERVE_UNKNOWN_USER user');
    });
  });

  test('the language model writes for a described pair what it writes for the row of the run, and tells of it as it goes', async () => {
    const { settings, dataset, folder, predictions } = given.run;
    const models = await addPolicy(given.run);
    const row = predictions[0]!.interactionId[0]!;
    const run = { config: settings.config, rng: createRng(settings.config.seed), progress: silentProgress, signal: undefined, folder };
    const prompts = promptsOf(settings.config, models, dataset, dataset.interactions);
    const explained = await explainRows({ run, data: { prompts }, models: { ...models, sampler: models.policy } }, [row], {
      adapter: POLICY,
      stage: 'final',
      iteration: settings.config.iterations,
    });
    await models.policy.dispose();
    const writer = await openPairWriter(folder.root);
    const directory = createDirectory(dataset, settings.config.data.history);
    const pair = resolvePair({ directory, explained: () => undefined }, described(given.run), '');
    const long = { ...pair, target: { ...pair.target, attributes: { genres: new Array<string>(400).fill('x y') } } };
    const texts: string[] = [];
    const [written, tooLong] = await writer.explain([pair, long], (at, text) => at === 0 && texts.push(text));
    expect(written).toEqual({ text: explained.explanation[0], read: explained.read[0] });
    expect(tooLong).toBeNull();
    expect(texts.length).toBeGreaterThan(1);
    texts.forEach((text) => expect(written!.text.startsWith(text.replace(/\ufffd+$/u, ''))).toBe(true));
    await writer.dispose();
  });
}
