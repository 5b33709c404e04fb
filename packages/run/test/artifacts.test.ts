import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explanationsFromRows, explanationsFromTable, explanationsToTable } from '@expctr/data';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { jsonCodec, openArtifacts, readRunLog, runFolder, tableCodec, type Artifacts, type RunFolder } from '../src/index.js';

let folder: RunFolder;
beforeEach(async () => {
  folder = runFolder(await mkdtemp(join(tmpdir(), 'expctr-artifacts-')));
});

/** Opens the artifacts of the folder, as a process does that is started anew. */
async function inNewProcess<T>(work: (artifacts: Artifacts) => Promise<T>): Promise<T> {
  const artifacts = await openArtifacts(folder);
  try {
    return await work(artifacts);
  } finally {
    artifacts.log.close();
  }
}

const warning = (code: string) => ({ event: 'warning', code, message: '' }) as const;

describe('an artifact', () => {
  test('is made once, and found again', async () => {
    let made = 0;
    const number = (artifacts: Artifacts): Promise<number> =>
      artifacts.artifact('n', () => Promise.resolve((made += 1)), jsonCodec<number>(folder.checkpoint('n.json')));
    expect(await inNewProcess(number)).toBe(1);
    expect(await inNewProcess(number)).toBe(1);
    expect(made).toBe(1);
  });

  test('whose making or writing fails is made again, and the log loses what was said of the failure', async () => {
    const codec = jsonCodec<string>(folder.checkpoint('x.json'));
    for (const failing of ['make', 'write']) {
      const attempt = inNewProcess((artifacts) =>
        artifacts.artifact(
          'x',
          () => {
            artifacts.log.write(warning('HALF'));
            return failing === 'make' ? Promise.reject(new Error('power cut')) : Promise.resolve('x');
          },
          failing === 'write' ? { ...codec, write: () => Promise.reject(new Error('power cut')) } : codec,
        ),
      );
      await expect(attempt).rejects.toThrow('power cut');
    }
    await inNewProcess(async (artifacts) => {
      expect(artifacts.has('x')).toBe(false);
      expect(
        await artifacts.artifact(
          'x',
          () => {
            artifacts.log.write(warning('WHOLE'));
            return Promise.resolve('whole');
          },
          codec,
        ),
      ).toBe('whole');
    });
    expect((await readRunLog(folder.log)).warnings.map(({ code }) => code)).toEqual(['WHOLE']);
  });

  test('under way is where its last checkpoint left it, artifacts made meanwhile included', async () => {
    await inNewProcess(async (artifacts) => {
      await artifacts.reach('outer', 3);
      await artifacts.once('inner', () => Promise.resolve());
      expect(artifacts.reached('outer')).toBe(3);
    });
    await inNewProcess(async (artifacts) => {
      expect(artifacts.reached('outer')).toBe(3);
      await artifacts.once('outer', () => Promise.resolve());
      expect(artifacts.reached('outer')).toBe(0);
    });
  });

  test('however often work is cut off, each event of finished work stands in the log once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 2 }), { maxLength: 4 }), async (cuts) => {
        folder = runFolder(await mkdtemp(join(tmpdir(), 'expctr-artifacts-')));
        const run = (stopAt: number | undefined) =>
          inNewProcess(async (artifacts) => {
            for (let step = 0; step < 3; step += 1) {
              await artifacts.once(`step ${step}`, () => {
                artifacts.log.write(warning(String(step)));
                return step === stopAt ? Promise.reject(new Error('cut')) : Promise.resolve();
              });
            }
          });
        for (const cut of cuts) await run(cut).catch(() => undefined);
        await run(undefined);
        expect((await readRunLog(folder.log)).warnings.map(({ code }) => code)).toEqual(['0', '1', '2']);
      }),
      { numRuns: 25 },
    );
  });
});

test('a table is read back as it was written', async () => {
  const explanations = explanationsFromRows([
    { interactionId: 4, iteration: 1, stage: 'final', explanation: 'a b', read: 'a', tokenCount: 2, finishReason: 'stop', rewards: {} },
  ]);
  const codec = tableCodec(folder.explanations('final'), explanationsToTable, explanationsFromTable);
  await codec.write(explanations);
  expect(await codec.read()).toEqual(explanations);
});

describe('what stands in the folder and is no run’s', () => {
  test('events of later versions are passed over, figures that are no numbers left out', async () => {
    const lines = [
      { event: 'later', x: 1 },
      { event: 'update', stage: 'stage3', iteration: 2, step: 5, metrics: { kl: 1, gap: null } },
      { event: 'ctr-epoch', model: 'icl', iteration: 1, epoch: 1, metrics: {} },
    ];
    await writeFile(folder.log, lines.map((line) => JSON.stringify(line)).join('\n'));
    const log = await readRunLog(folder.log);
    expect(log.updates).toEqual([{ event: 'update', stage: 'stage3', iteration: 2, step: 5, metrics: { kl: 1 } }]);
    expect(log.ctrEpochs).toHaveLength(1);
    expect(log.readerCheck).toBeNull();
  });

  test('a line that is no JSON is named', async () => {
    await writeFile(folder.log, '{"event":"warning"}\n{"event"');
    await expect(readRunLog(folder.log)).rejects.toThrow(/log\.jsonl, line 2/u);
  });
});
