import { cp, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explanationsFromTable, explanationsToTable, readTable, writeTable } from '@expctr/data';
import { runFolder } from '@expctr/run';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { main, serveRun, type Reloaded } from '../../src/index.js';
import { ask } from '../client.js';
import { newFolder } from '../made-run.js';
import type { Given } from './given.js';
import { testPairs } from './predict.js';

export function reloadTests(given: Given): void {
  /** Another run: the same with other explanations. */
  async function otherRun(): Promise<string> {
    const folder = runFolder(join(await newFolder(), 'other'));
    const { root } = folder;
    await cp(given.run.folder.root, root, { recursive: true });
    await rm(join(root, 'manifest.json')); // its checksums are those of the first run
    const before = explanationsFromTable(await readTable(folder.explanations('final')));
    const read = before.read.map((text) => text.replace('like', 'avoid'));
    await writeTable(folder.explanations('final'), explanationsToTable({ ...before, read }));
    return root;
  }
  const probability = async (url: string): Promise<number> =>
    (await ask<{ probabilities: number[] }>(url, '/v1/predict', { rows: [testPairs(given.run)[0]] })).value.probabilities[0]!;

  describe('a newer run in the place of the one that is served', () => {
    test('answers once it is loaded; a broken one is refused and said, and the run before goes on', async () => {
      const place = join(await newFolder(), 'current');
      await symlink(given.run.folder.root, place);
      const reloads: Reloaded[] = [];
      const server = await serveRun(place, { port: 0 }, { onReload: (reloaded) => reloads.push(reloaded) });
      const before = await probability(server.url);
      expect((await server.reload()).outcome).toBe('same');

      const other = await otherRun();
      await symlink(other, `${place}-new`);
      await rename(`${place}-new`, place);
      expect(await probability(server.url)).toBe(before);
      const answers = Array.from({ length: 20 }, () => probability(server.url));
      const first = server.model.version;
      expect((await server.reload()).outcome).toBe('served');
      expect(server.model.version).not.toBe(first);
      const after = await probability(server.url);
      expect(after).not.toBe(before);
      for (const answer of await Promise.all(answers)) expect([before, after]).toContain(answer);

      await writeFile(join(other, 'ctr', 'model.onnx'), 'broken');
      expect(await server.reload()).toMatchObject({ outcome: 'refused', code: 'CTR_MODEL_FILE' });
      expect(await probability(server.url)).toBe(after);
      const health = await ask(server.url, '/healthz');
      expect(health.value).toMatchObject({ status: 'ok', reload: { outcome: 'refused', code: 'CTR_MODEL_FILE' } });
      expect(JSON.stringify(health.value)).not.toContain(other);
      await rm(other, { recursive: true });
      expect(await server.reload()).toMatchObject({ outcome: 'refused', code: 'SERVE_NO_RUN' });
      expect(await probability(server.url)).toBe(after);
      expect(reloads.map(({ outcome }) => outcome)).toEqual(['same', 'served', 'refused', 'refused']);
      await server.stop();
    });

    test('a file that is not what the run wrote is refused', async () => {
      const root = join(await newFolder(), 'run');
      await cp(given.run.folder.root, root, { recursive: true });
      const server = await serveRun(root, { port: 0 });
      const explanations = join(root, 'explanations', 'final.arrow');
      const bytes = await readFile(explanations);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(explanations, bytes);
      expect(await server.reload()).toMatchObject({ outcome: 'refused', code: 'RUN_FILE_DAMAGED' });
      await server.stop();
    });

    test('is found by itself where the place is watched, and a broken one is tried once', async () => {
      const place = join(await newFolder(), 'current');
      await symlink(given.run.folder.root, place);
      const reloads: string[] = [];
      const server = await serveRun(place, { port: 0, watch: 0.03 }, { onReload: ({ outcome }) => reloads.push(outcome) });
      const other = await otherRun();
      await unlink(place);
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect(reloads).toEqual([]); // nothing lies there for the moment
      await symlink(other, place);
      await vi.waitFor(() => expect(reloads).toEqual(['served']), 5000);
      await writeFile(join(other, 'ctr', 'model.onnx'), 'broken');
      await vi.waitFor(() => expect(reloads).toEqual(['served', 'refused']), 5000);
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(reloads).toEqual(['served', 'refused']);
      await server.stop();
    });
  });

  describe('the command line', () => {
    afterEach(() => {
      vi.restoreAllMocks();
    });
    const captured = (): { out: () => string; error: () => string } => {
      const [out, error] = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')].map((spy) => spy.mockReturnValue(true));
      const text = (spy: typeof out) => (): string => spy!.mock.calls.map(([line]) => String(line)).join('');
      return { out: text(out), error: text(error) };
    };

    test('says where it serves, reloads at SIGHUP, and ends with 0 at SIGTERM', async () => {
      const { out, error } = captured();
      const ended = main([given.run.folder.root, '--port', '0', '--batch-wait', '1.5']);
      const url = await vi.waitFor(() => /at (http:\S+)/u.exec(out())![1]!, 10_000);
      expect(await probability(url)).toBeGreaterThan(0);
      process.emit('SIGHUP');
      await vi.waitFor(() => expect(error()).toContain('reloaded: it is version'), 10_000);
      process.emit('SIGTERM');
      expect(await ended).toBe(0);
    });

    test.each([
      [[], 2, 'missing required argument'],
      [['/there/is/no/run'], 2, 'SERVE_NO_RUN'],
      [['RUN', '--predictor', 'id-histroy'], 2, 'id-history'],
      [['RUN', '--predictor', 'icl'], 2, 'SERVE_PREDICTOR'],
      [['RUN', '--port', '70000'], 2, 'ports end there'],
      [['RUN', '--port', 'eighty'], 2, 'argument'],
      [['RUN', '--batch-rows', '1.5'], 2, 'argument'],
      [['RUN', '--request-rows', '9', '--queue-rows', '8'], 2, 'SERVE_OPTION'],
      [['RUN', '--port', 'TAKEN'], 2, 'SERVE_PORT'],
      [['--help'], 0, '--batch-rows'],
      [['--version'], 0, '0.'],
    ])('%j ends with %i', async (words, status, said) => {
      const { out, error } = captured();
      const argv = words.map((word) => (word === 'RUN' ? given.run.folder.root : word === 'TAKEN' ? new URL(given.url).port : word));
      expect([await main(argv), (out() + error()).includes(said)]).toEqual([status, true]);
    });

    test('a run without the model that is asked for names those that it has', async () => {
      const root = join(await newFolder(), 'run');
      await cp(given.run.folder.root, root, { recursive: true });
      await rm(join(root, 'ctr'), { recursive: true });
      await expect(serveRun(root, { port: 0 })).rejects.toMatchObject({
        code: 'SERVE_NO_MODEL',
        remedy: 'serve what it has: --predictor id-history',
      });
      await rm(join(root, 'adapters'), { recursive: true, force: true });
      await expect(serveRun(root, { port: 0, predictor: 'id-history', generate: true })).rejects.toMatchObject({ code: 'SERVE_NO_POLICY' });
    });
  });
}
