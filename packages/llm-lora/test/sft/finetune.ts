import { readFile, readdir, writeFile } from 'node:fs/promises';
import { diesAt, momentsOf, operationsOf } from '@expctr/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { finetune, learningRateAt, sftOptions, type Example, type FinetuneOptions, type FinetuneProgress } from '../../src/sft.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { useBackend } from '../model/oracle.js';
import { lettersPolicy } from './sft-model.js';

const path = temporaryFolder();
const words = ['abc', 'bcd', 'cde', 'def', 'efg', 'fgh', 'ghij'];
const examples: Example[] = words.map((word) => ({ prompt: word, completion: [...word].reverse().join('') }));
const evaluation: Example[] = [{ prompt: 'hij', completion: 'jih' }];
const options = { epochs: 2, batchSize: 3, learningRate: 0.03, evaluation, checkpointEvery: 2 } as const satisfies FinetuneOptions;

/** The bytes of everything in a folder. */
async function bytesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  const read = async (file: string): Promise<[string, string]> => [file.slice(folder.length), (await readFile(file)).toString('base64')];
  return Object.fromEntries(await Promise.all(files.sort().map(read)));
}

describe('fine-tuning', () => {
  beforeAll(() => useBackend('cpu'));

  test('a training that was aborted or killed ends with the bytes of one that went through', async () => {
    const policy = lettersPolicy();
    const run = async (folder: string, more: FinetuneOptions = {}) => {
      for (const name of policy.adapters.names()) policy.adapters.delete(name);
      return finetune(policy, examples, { ...options, folder, ...more });
    };
    const seen: FinetuneProgress[] = [];
    const begun: number[][] = [];
    let whole = {} as Awaited<ReturnType<typeof run>>;
    const operations = await operationsOf(path('whole'), async () => {
      whole = await run(path('whole'), { onProgress: (progress) => seen.push(progress) });
    });
    const expected = await bytesOf(path('whole'));
    expect(Object.keys(expected)).toEqual(['/adapter/adapter_config.json', '/adapter/adapter_model.safetensors', '/checkpoint.safetensors', '/finetune.json']); // prettier-ignore
    expect(whole).toMatchObject({ adapter: 'sft', step: 6, steps: 6, stoppedEarly: false, counts: { examples: 7, rows: 7 } });
    const [first, second] = [whole.losses.slice(0, 3), whole.losses.slice(3)].map((losses) => losses.reduce((a, b) => a + b));
    expect(second).toBeLessThan(first!);
    expect(whole.evaluations.map(({ step }) => step)).toEqual([0, 3, 6]);
    expect(seen.map(({ step, evaluation: each }) => [step, each?.step])).toEqual([[1, undefined], [2, undefined], [3, 3], [4, undefined], [5, undefined], [6, 6]]); // prettier-ignore
    expect(seen.every(({ tokensPerSecond, secondsLeft }) => tokensPerSecond > 0 && secondsLeft >= 0)).toBe(true);

    const stop = new AbortController();
    const aborted = run(path('aborted'), { signal: stop.signal, onProgress: ({ step }) => step === 3 && stop.abort(new Error('enough')) });
    await expect(aborted).rejects.toThrow('enough');
    await expect(run(path('aborted'))).rejects.toMatchObject({ code: 'SFT_FOLDER_USED', wrongUse: true });
    await expect(run(path('aborted'), { resume: true, learningRate: 0.1 })).rejects.toMatchObject({
      code: 'SFT_RESUME',
      message: expect.stringContaining('learningRate') as string,
    });
    await run(path('aborted'), { resume: true, onBegin: (step, steps) => begun.push([step, steps]) });
    expect(begun).toEqual([[3, 6]]); // prettier-ignore
    expect(await bytesOf(path('aborted'))).toEqual(expected);
    await run(path('aborted'), { resume: true }); // one that is done stays as it is
    expect(await bytesOf(path('aborted'))).toEqual(expected);

    const moments = momentsOf(operations);
    for (const moment of moments.filter((_, i) => i % Math.ceil(moments.length / 3) === 2)) {
      const folder = path(`killed-${moment.operation}-${moment.half}`);
      expect(await diesAt(folder, moment, () => run(folder))).toBe(true);
      await run(folder, { resume: true });
      const left = Object.entries(await bytesOf(folder)).filter(([name]) => !name.endsWith('.tmp'));
      expect(Object.fromEntries(left)).toEqual(expected);
    }

    await writeFile(path('aborted', 'checkpoint.safetensors'), 'damaged');
    await expect(run(path('aborted'), { resume: true })).rejects.toMatchObject({ code: expect.stringMatching(/^SAFETENSORS_/u) as string });
    await policy.dispose();
  });

  test('patience ends a training that no longer gets better, and the best adapter is given back', async () => {
    const policy = lettersPolicy();
    const wrong: Example[] = [{ prompt: 'abc', completion: 'zzz' }];
    const result = await finetune(policy, examples, {
      ...options,
      evaluation: wrong,
      epochs: 40,
      learningRate: 0.1,
      evaluateEvery: 1,
      patience: 3,
    });
    const losses = result.evaluations.map(({ loss }) => loss);
    expect(result.stoppedEarly).toBe(true);
    expect(result.step).toBeLessThan(result.steps);
    expect(result.best!.loss).toBe(Math.min(...losses));
    expect(result.step - result.best!.step).toBe(3);

    const again = lettersPolicy();
    await finetune(again, examples, { ...options, evaluation: [], epochs: 40, learningRate: 0.1, maxSteps: result.best!.step || 1 });
    // the schedule differs, so the adapters do; what is checked is that the best one came back and not the last one
    const { evaluations } = await finetune(policy, examples, { ...options, evaluation: wrong, maxSteps: 1, learningRate: 1e-9 });
    expect(evaluations[0]!.loss).toBeCloseTo(result.best!.loss, 5);
    await policy.dispose();
    await again.dispose();
  });

  test('a loss that is not finite ends the training by name', async () => {
    const policy = lettersPolicy();
    const wild = finetune(policy, examples, { ...options, evaluation: [], learningRate: 100, epochs: 200, maxGradientNorm: 0, weightDecay: 1000, schedule: 'constant' }); // prettier-ignore
    await expect(wild).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:SFT_NOT_FINITE|ADAPTER_NOT_FINITE|POLICY_NOT_FINITE)$/u) as string,
    });
    await policy.dispose();
  });

  test('step sizes are those of transformers, and options have bounds', () => {
    const at = (schedule: 'constant' | 'linear' | 'cosine', warmup: number) =>
      Array.from({ length: 5 }, (_, step) => learningRateAt(step, 5, sftOptions.parse({ schedule, warmup, learningRate: 1 })));
    expect(at('constant', 0.4)).toEqual([0, 0.5, 1, 1, 1]);
    expect(at('linear', 0.2)).toEqual([0, 1, 0.75, 0.5, 0.25]);
    at('cosine', 0).forEach((rate, step) => expect(rate).toBeCloseTo(0.5 * (1 + Math.cos((Math.PI * step) / 5)), 12));
  });

  test('options that are none are refused', async () => {
    const policy = lettersPolicy();
    await expect(finetune(policy, examples, { learningRate: -1 })).rejects.toMatchObject({ code: 'SFT_OPTION', where: 'learningRate' });
    await expect(finetune(policy, examples, { epoch: 1 } as object)).rejects.toMatchObject({ code: 'OPTIONS_UNKNOWN' });
    await policy.dispose();
  });
});
