import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explanationsFromRows, explanationsFromTable, readTable, type Explanations } from '@expctr/data';
import { createHashedEncoder, type EncoderPart } from '@expctr/encoder';
import { FINAL, runFolder } from '@expctr/run';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rolloutParts } from '../src/pipeline/rollout-parts.js';
import { train } from '../src/train.js';
import { freshFolder, tinySettings, tinySettingsWith } from './tiny-run.js';

describe('data flows once', () => {
  test('no text of a row is encoded twice, however many predictors use its vector', async () => {
    const encoded: string[] = [];
    const counting: EncoderPart = {
      name: 'counting',
      description: 'remembers what it was given',
      options: z.object({}),
      load() {
        const encoder = createHashedEncoder({ dimension: 8 });
        return Promise.resolve({
          ...encoder,
          encode(texts, options) {
            encoded.push(...texts);
            return encoder.encode(texts, options);
          },
        });
      },
    };
    // without repetitions no reward encodes rollouts: what is left are the rows' own texts
    const settings = await tinySettingsWith(
      [{ name: 'counting', encoders: [counting] }],
      'encoder.model=counting',
      'iterations=0',
      'ppo.stage1Updates=1',
    );
    await train(settings, { folder: await freshFolder() });
    expect(encoded.length).toBeGreaterThan(0);
    expect(new Set(encoded).size).toBe(encoded.length);
  }, 120_000);

  test('llm.batchSize changes no text, sampled ones included', async () => {
    const texts = async (batchSize: number): Promise<readonly string[]> => {
      const folder = await freshFolder();
      const sets = [`llm.batchSize=${batchSize}`, 'llm.temperature=1', 'iterations=0', 'ppo.stage1Updates=1', 'ctr.epochs=1'];
      await train(await tinySettings(...sets), { folder });
      return explanationsFromTable(await readTable(folder.explanations(FINAL))).explanation;
    };
    const few = await texts(3);
    expect(new Set(few).size).toBeGreaterThan(few.length / 4);
    expect(await texts(32)).toEqual(few);
  }, 120_000);
});

describe('rollouts of an alignment', () => {
  const update = (step: number): Explanations =>
    explanationsFromRows([
      {
        interactionId: step,
        iteration: 0,
        stage: 'stage1',
        explanation: `x${step}`,
        read: '',
        tokenCount: 1,
        finishReason: 'stop',
        rewards: { score: step },
      },
    ]);
  const parts = async () => {
    const folder = runFolder(await mkdtemp(join(tmpdir(), 'expctr-rollouts-')));
    return { folder, open: () => rolloutParts(folder, 'stage1') };
  };

  test('stand in the end once each and in order, wherever the run was cut off and however often', async () => {
    const cut = fc.record({ after: fc.nat({ max: 9 }), every: fc.integer({ min: 1, max: 4 }), remembered: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 5 }), async (cuts) => {
        const { open } = await parts();
        let reached = 0;
        for (const { after, every, remembered } of [...cuts, { after: 99, every: 3, remembered: true }]) {
          const rollouts = open();
          await rollouts.dropAfter(reached);
          for (let step = reached; step < 10; step += 1) {
            rollouts.add(update(step));
            const interrupted = step === after;
            if ((step + 1) % every !== 0 && !interrupted) continue;
            await rollouts.write(step + 1);
            // killed between the part and the note that it is there: the part is made again
            if (interrupted && !remembered) break;
            reached = step + 1;
            if (interrupted) break;
          }
          if (after !== 99) continue;
          const { interactionId, rewards } = await rollouts.all(10);
          expect([...interactionId]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
          expect([...rewards['score']!]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('are written in parts that hold what is new since the last', async () => {
    const { folder, open } = await parts();
    const rollouts = open();
    for (let step = 0; step < 4; step += 1) {
      rollouts.add(update(step));
      if (step % 2 === 1) await rollouts.write(step + 1);
    }
    const files = (await readdir(folder.checkpoint('stage1', 'rollouts'))).sort();
    expect(files).toEqual(['2.arrow', '4.arrow']);
    const last = explanationsFromTable(await readTable(folder.checkpoint('stage1', 'rollouts', '4.arrow')));
    expect([...last.interactionId]).toEqual([2, 3]);
  });
});
