import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auc,
  buildFeatures,
  evidenceColumns,
  fitCtr,
  numericFeatures,
  selectRows,
  type Features,
  type NumberColumn,
} from '../src/index.js';
import { smallWorld } from './world.js';

const { interactions, items } = smallWorld(createRng('evidence'), { users: 60, items: 80, perUser: 60 });

/** The counts as the words say them, value by value and row by row. */
function counted(row: number, value: string): { likes: number; dislikes: number } {
  const past = [...interactions.history.subarray(interactions.historyOffsets[row], interactions.historyOffsets[row + 1])];
  const having = past.filter((other) => items.attributes['genres']![interactions.item[other]!]!.includes(value));
  const likes = having.filter((other) => interactions.label[other] === 1).length;
  return { likes, dislikes: having.length - likes };
}

const lists = (() => {
  const values = [...new Set(items.attributes['genres']!.flat())];
  const offsets = new Uint32Array(items.length + 1);
  items.attributes['genres']!.forEach((list, i) => (offsets[i + 1] = offsets[i]! + list.length));
  const codes = Int32Array.from(items.attributes['genres']!.flat(), (value) => values.indexOf(value));
  return { kind: 'list', offsets, codes, values } as const;
})();

describe('evidence', () => {
  const rows = Int32Array.from(interactions.interactionId);
  const columns = evidenceColumns(interactions, [['genres', lists]], rows);

  test('is the log-odds of likes and dislikes of what the target has, counted over the row’s own history', () => {
    for (const row of rows) {
      const values = items.attributes['genres']![interactions.item[row]!]!;
      const each = values.map((value) => counted(row, value));
      const mean = (of: (c: { likes: number; dislikes: number }) => number): number =>
        each.reduce((sum, c) => sum + of(c), 0) / values.length;
      expect(columns['evidence_genres']![row]).toBeCloseTo(
        mean(({ likes, dislikes }) => Math.log((likes + 1) / (dislikes + 1))),
        5,
      );
      expect(columns['evidence_genres_liked']![row]).toBeCloseTo(
        mean(({ likes }) => Math.log1p(likes)),
        5,
      );
      expect(columns['evidence_genres_disliked']![row]).toBeCloseTo(
        mean(({ dislikes }) => Math.log1p(dislikes)),
        5,
      );
    }
  });

  test('does not look at the row’s label, nor at any row outside its history', () => {
    fc.assert(
      fc.property(fc.nat({ max: interactions.length - 1 }), (row) => {
        const inHistory = new Set(interactions.history.subarray(interactions.historyOffsets[row], interactions.historyOffsets[row + 1]));
        const label = interactions.label.map((value, other) => (inHistory.has(other) ? value : 1 - value));
        const again = evidenceColumns({ ...interactions, label }, [['genres', lists]], Int32Array.of(row));
        for (const [name, values] of Object.entries(again)) expect(values[0]).toBe(columns[name]![row]);
      }),
      { numRuns: 50 },
    );
  });

  test('turns its sign where likes and dislikes change places', () => {
    const label = interactions.label.map((value) => 1 - value);
    const turned = evidenceColumns({ ...interactions, label }, [['genres', lists]], rows);
    for (const row of rows) {
      expect(turned['evidence_genres']![row]).toBeCloseTo(-columns['evidence_genres']![row]!, 5);
      expect(turned['evidence_genres_liked']![row]).toBe(columns['evidence_genres_disliked']![row]);
      expect(turned['evidence_rate']![row]).toBeCloseTo(-columns['evidence_rate']![row]!, 5);
    }
  });

  test('of a row without history is zero', () => {
    const first = rows.find((row) => interactions.historyOffsets[row] === interactions.historyOffsets[row + 1])!;
    for (const values of Object.values(columns)) expect(values[first]).toBe(0);
  });
});

describe('a logistic regression', () => {
  beforeAll(() => useOnnx());
  const train = rowsOf(interactions, 'train');
  const testAuc = async (features: Features): Promise<number> => {
    const part = (rows: Uint32Array): Features => selectRows(features, rows);
    const model = await fitCtr({
      backbone: 'logistic-regression',
      train: part(train),
      valid: part(rowsOf(interactions, 'valid')),
      options: { epochs: 15, learningRate: 0.01 },
      rng: createRng(1),
    });
    const held = part(rowsOf(interactions, 'test'));
    const predicted = await model.predict(held);
    await model.dispose();
    return auc(held.labels, predicted);
  };

  test('knows a user’s tastes from the evidence, which ids of the history do not tell it', async () => {
    const [ids, evidence] = [
      buildFeatures({ interactions, items, fitRows: train }),
      buildFeatures({ interactions, items, fitRows: train, evidence: true }),
    ];
    expect(numericFeatures(evidence.schema).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['evidence_genres', 'evidence_genres_liked', 'evidence_genres_disliked', 'evidence_rate']),
    );
    const [without, withEvidence] = [await testAuc(ids), await testAuc(evidence)];
    expect(withEvidence).toBeGreaterThan(without + 0.05);
  });

  test('predicts with a schema of before from the same evidence', () => {
    const fitted = buildFeatures({ interactions, items, fitRows: train, evidence: true });
    const again = buildFeatures({ interactions, items, schema: fitted.schema });
    expect((again.columns['evidence_genres'] as NumberColumn).values).toEqual((fitted.columns['evidence_genres'] as NumberColumn).values);
  });
});
