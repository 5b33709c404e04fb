import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { retryAfter } from '@expctr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVllmSampler, localServers, sglangSampler, vllmSampler } from '../src/index.js';
import { alignProbabilities } from '../src/llama-cpp/align.js';
import { createPool } from '../src/pool.js';
import { PassingError } from '../src/errors.js';
import { adapterFolders, sglang, vllm } from './engines.js';
import { fakeVllm } from './fake-vllm.js';
import { readDelta, scoresOf } from './tiny-model.js';

const adapter = adapterFolders();
const asked = { maxNewTokens: 5, stopTokenIds: [3], seed: ['traps'] as const };
const policy = { generate: () => Promise.resolve([]) };

test('vllm answers from a stale cache where a name is used again, so each version gets a new one and the old one is unloaded', async () => {
  const { sampler, servers } = await vllm.open(2);
  const [server] = servers();
  await sampler.publish(await adapter('one'), 'v1');
  await sampler.generate([[1, 2], [4], [5], [6]], asked); // prettier-ignore
  // what a client does that reloads under one name
  server!.adapters.set('v1', await readDelta(await adapter('two')));
  expect(server!.cache.get('v1')).not.toEqual(server!.adapters.get('v1'));

  await sampler.publish(await adapter('two'), 'v2');
  const made = await sampler.generate([[1, 2]], asked);
  scoresOf([1, 2], made[0]!.tokens, await readDelta(await adapter('two'))).forEach((each, i) => {
    expect(made[0]!.logProbs[i]).toBeCloseTo(each, 4);
  });
  for (const each of servers()) expect([...each.adapters.keys()]).toEqual(['v2']); // every replica, for they know nothing of one another
  await sampler.dispose();
  for (const each of servers()) expect([...each.adapters.keys()]).toEqual([]);
});

test('vllm must give log-probabilities at the temperature, where that is not 1', async () => {
  const raw = await fakeVllm({ raw: true });
  const sampler = createVllmSampler({ urls: [raw.url] });
  await sampler.publish(await adapter('one'), 'one');
  expect(await sampler.generate([[1]], { ...asked, temperature: 1 })).toHaveLength(1);
  await expect(sampler.generate([[1]], { ...asked, temperature: 0.7 })).rejects.toMatchObject({
    code: 'SAMPLER_LOGPROBS',
    message: expect.stringContaining('--logprobs-mode processed_logprobs') as string,
  });
});

test.each([vllm, sglang])(
  '$name: a server that was started again is given its adapter anew, and one that was away gets it late',
  async (engine) => {
    const { sampler, servers } = await engine.open(2);
    await sampler.publish(await adapter('one'), 'one');
    const expected = await sampler.generate([[1], [2], [4], [5]], asked); // prettier-ignore
    servers().forEach((server) => server.restart());
    expect(await sampler.generate([[1], [2], [4], [5]], asked)).toEqual(expected); // prettier-ignore
    await sampler.dispose();
  },
);

test('an adapter that a server cannot load is an error with what it said', async () => {
  const { sampler, servers } = await vllm.open(1);
  servers()[0]!.adapters.set('one', new Float64Array(144)); // of another client
  await expect(sampler.publish(await adapter('one'), 'one')).rejects.toMatchObject({
    code: 'SAMPLER_REFUSED',
    message: expect.stringMatching(/already been loaded.*VLLM_ALLOW_RUNTIME_LORA_UPDATING/su) as string,
  });
});

test('a server that has stopped because of a token of its own is asked for what follows, with another seed', async () => {
  const { sampler, servers } = await sglang.open(1);
  const made = await sampler.generate(Array.from({ length: 12 }, (_, i) => [i]), { ...asked, stopTokenIds: [], maxNewTokens: 12 }); // prettier-ignore
  expect(made.every(({ tokens, finishReason }) => tokens.length === 12 && finishReason === 'length')).toBe(true);
  const further = servers()[0]!.requests.length - made.length;
  expect(further).toBeGreaterThan(0);
  expect(made.flatMap(({ tokens }) => [...tokens]).filter((token) => token === 0).length).toBeGreaterThanOrEqual(further);
});

test('a pause is doubled at each failure, one that is asked for is kept, and requests that fail together are one failure', () => {
  const pool = createPool(['http://a/', 'http://b'], 4, 100);
  const [a, b] = pool.replicas();
  expect(a!.url).toBe('http://a');
  const left = (): number => a!.pausedUntil - performance.now();
  for (let i = 0; i < 20; i += 1) pool.failed(a!, new PassingError('died'));
  expect(a!.failures).toBe(1);
  expect(left()).toBeLessThanOrEqual(100);
  a!.pausedUntil = 0;
  pool.failed(a!, new PassingError('died'));
  expect(left()).toBeGreaterThan(100);
  pool.failed(b!, new PassingError('busy', { waitMs: 60_000 }));
  expect(b!.pausedUntil - performance.now()).toBeGreaterThan(50_000);
  expect([retryAfter('2'), retryAfter(null), retryAfter('soon')]).toEqual([2000, undefined, undefined]);
});

test('what llama.cpp leaves out is unknown, and nothing else is', () => {
  const tokens = fc.array(fc.record({ id: fc.nat(3), known: fc.boolean(), logProb: fc.float({ min: -9, max: 0, noNaN: true }) }));
  fc.assert(
    fc.property(tokens, (all) => {
      const ids = all.map(({ id }) => id);
      const aligned = alignProbabilities(ids, all.filter(({ known }) => known))!; // prettier-ignore
      aligned.forEach((value, i) => expect(Number.isNaN(value) || (all[i]!.known && value === all[i]!.logProb)).toBe(true));
      if (all.every(({ known }) => known)) expect(aligned).toEqual(all.map(({ logProb }) => logProb));
      expect(alignProbabilities(ids, [...all, { id: 9, logProb: -1 }])).toBeUndefined();
    }),
  );
  expect(alignProbabilities([1, 1], [{ id: 1, logProb: -1 }])).toEqual([NaN, NaN]); // which of the two is not certain
});

test('parts open with what a configuration says, folders as servers see them', async () => {
  const server = await fakeVllm();
  const folder = await adapter('one');
  const chosen = { urls: [server.url], localFolder: folder.slice(0, folder.lastIndexOf('/')), serverFolder: '/shared' };
  const options = vllmSampler.options.parse(chosen);
  const sampler = await vllmSampler.open({ policy, model: 'tiny', sequences: 8 }, options);
  await sampler.publish!(folder, 'one').catch(() => undefined); // the fake one sees no such folder
  expect(server.requests.find(({ path }) => path === '/v1/load_lora_adapter')!.body).toMatchObject({ lora_path: '/shared/one' });
  expect(sglangSampler.options.safeParse({ urls: [] }).success).toBe(false);
  expect(() => createVllmSampler({ urls: ['here'] })).toThrow(expect.objectContaining({ code: 'SAMPLER_OPTION' }));
  expect(() => createVllmSampler({ url: server.url } as object)).toThrow(expect.objectContaining({ code: 'OPTIONS_UNKNOWN' }));
});

test('a page of something else is no answer, and a program that does not start says so', async () => {
  const page = createServer((_, response) => void response.end('<html>'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
  const sampler = createVllmSampler({ urls: [url], pauseMs: 1, patienceMs: 5 });
  await expect(sampler.generate([[1]], asked)).rejects.toMatchObject({ code: 'SAMPLER_UNREACHABLE', message: expect.stringContaining('<html>') as string }); // prettier-ignore
  page.close();
  await expect(localServers({ server: '/no/such/program', model: 'm.gguf' })(null)).rejects.toMatchObject({ code: 'SAMPLER_START' });
});
