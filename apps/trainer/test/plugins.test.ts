import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SamplerPart } from '@expctr/language-model';
import { rewards, type Reward } from '@expctr/rewards';
import { expect, describe, test } from 'vitest';
import { z } from 'zod';
import { configJsonSchema } from '../src/config/config-schema.js';
import { listOptions } from '../src/config/options.js';
import { loadRegistry, resolveConfig } from '../src/config/resolve.js';
import { Interrupted } from '../src/pipeline/interrupt.js';
import { loadPlugins } from '../src/plugins/load-plugins.js';
import type { Plugin } from '../src/plugins/plugin.js';
import { openRunFolder } from '../src/run/open-run.js';
import { train } from '../src/train.js';
import { freshFolder, tinySettingsWith } from './tiny-run.js';

const everyKind = join(import.meta.dirname, 'fixtures', 'plugins', 'every-kind.js');

/** A module with this text in a new folder. */
async function moduleOf(text: string, file = 'plugin.js'): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'expctr-plugin-')), file);
  await writeFile(path, text);
  return path;
}

const reward = (name: string, options: z.ZodObject = z.object({})): Reward => ({
  name,
  description: 'nothing',
  options,
  create: () => (rows) => Promise.resolve(Array.from({ length: rows.length }, () => 0)),
});

describe('a plug-in', () => {
  test('brings parts whose options are validated, listed and in the JSON Schema as built-in ones are', async () => {
    const { config, registry } = await resolveConfig({
      plugins: [everyKind],
      flags: { dataset: 'films-again', 'encoder.model': 'tiny' },
      sets: [
        'ctr.backbone=my-fm',
        'ctr.mine=5',
        'rewards.brevity.tokens=4',
        'rewards.stage1.brevity=2',
        'sampler.kind=through',
        'ppo.algorithm=my-ppo',
      ],
    });
    expect(config).toMatchObject({ ctr: { mine: 5 }, rewards: { brevity: { tokens: 4 }, stage1: { brevity: 2, lc: 1 } } });
    expect(config.plugins).toEqual([{ module: everyKind, name: 'every-kind', version: '1.2.3' }]);
    expect(listOptions(registry)).toContainEqual({
      path: 'ctr.mine',
      description: 'a number',
      default: 3,
      type: 'number',
      example: 3,
      part: { chosenBy: 'ctr.backbone', name: 'my-fm' },
    });
    const schema = JSON.stringify(configJsonSchema(registry));
    for (const name of ['my-fm', 'brevity', 'my-ppo']) expect(schema).toContain(name);
    await expect(resolveConfig({ plugins: [everyKind], sets: ['rewards.brevity.tokens=few'] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      where: 'rewards.brevity.tokens',
    });
  });

  test('serves a whole run, which records it and resumes with it', async () => {
    const settings = await tinySettingsWith(
      [everyKind],
      'ctr.backbone=my-fm',
      'encoder.model=tiny',
      'sampler.kind=through',
      'ppo.algorithm=my-ppo',
      'rewards.stage1.brevity=0.5',
      'ppo.stage1Updates=1',
      'ppo.stage3Updates=1',
    );
    const folder = await freshFolder();
    const metrics = await train(settings, { folder });
    expect(metrics.stages['stage1']?.rewards).toHaveProperty('brevity');
    const { registry } = await openRunFolder(folder.root);
    expect(registry.plugins).toEqual([{ module: everyKind, name: 'every-kind', version: '1.2.3' }]);
    const older = [{ module: everyKind, name: 'every-kind', version: '1.2.2' }];
    await expect(loadRegistry(older)).rejects.toMatchObject({ code: 'PLUGIN_VERSION' });
    const changed = (await readFile(folder.config, 'utf8')).replace('"1.2.3"', '"1.2.2"');
    await writeFile(folder.config, changed);
    await expect(openRunFolder(folder.root)).rejects.toMatchObject({ code: 'RUN_CONFIG_CHANGED' });
  }, 120_000);

  test('may bring a sampler with a copy of its own: it never meets a version twice, not where a resumed run explains again', async () => {
    const versions: string[] = [];
    let stop = new AbortController();
    const copies: SamplerPart = {
      name: 'copies',
      description: 'stands for a server',
      options: z.object({}),
      open: ({ policy }) =>
        Promise.resolve({
          generate: async (prompts, options) =>
            (await policy.generate(prompts, options)).map((completion) => ({ ...completion, version: versions.at(-1)! })),
          publish(folder, version) {
            expect(readdirSync(folder)).toContain('adapter_model.safetensors');
            versions.push(version);
            if (versions.length === 2) stop.abort(); // the first explanations after stage 1
            return Promise.resolve();
          },
          dispose: () => Promise.resolve(),
        }),
    };
    const settings = await tinySettingsWith(
      [{ name: 'copies', samplers: [copies] }],
      'sampler.kind=copies',
      'ppo.stage1Updates=1',
      'ppo.stage3Updates=1',
    );
    const folder = await freshFolder();
    await expect(train(settings, { folder, signal: stop.signal })).rejects.toThrow(Interrupted);
    stop = new AbortController();
    await train(settings, { folder, signal: stop.signal });
    expect(versions.length).toBeGreaterThan(4);
    expect(new Set(versions).size).toBe(versions.length);
    expect(
      readdirSync(folder.checkpoint('published'), { recursive: true }).filter((name) => String(name).endsWith('.safetensors')),
    ).toEqual([]);
  }, 120_000);

  test('at hand needs no module, and a run that used it says that it cannot be loaded by name', async () => {
    const mine: Plugin = { name: 'mine', rewards: [reward('nothing')] };
    const { config } = await resolveConfig({ plugins: [mine] });
    expect(config.plugins).toEqual([{ module: null, name: 'mine', version: null }]);
    await expect(loadPlugins([{ module: null, name: 'mine', version: null }])).rejects.toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
  });

  test('of a package has the package’s version, and is found from the folder of the user', async () => {
    const user = await mkdtemp(join(tmpdir(), 'expctr-user-'));
    const home = join(user, 'node_modules', 'some-plugin');
    await mkdir(home, { recursive: true });
    await writeFile(
      join(home, 'package.json'),
      JSON.stringify({ name: 'some-plugin', version: '4.5.6', type: 'module', exports: { import: './x.js' } }),
    );
    await writeFile(join(home, 'x.js'), 'export const plugin = { name: "some" };');
    const [loaded] = await loadPlugins(['some-plugin'], user);
    expect(loaded?.record).toEqual({ module: 'some-plugin', name: 'some', version: '4.5.6' });
  });

  test.each([
    ['is not there', () => Promise.resolve('./absent.js'), 'PLUGIN_NOT_FOUND', /absent\.js.*no such file/s],
    ['is not installed', () => Promise.resolve('expctr-nothing'), 'PLUGIN_NOT_FOUND', /npm install expctr-nothing/],
    ['throws while it is loaded', () => moduleOf('throw new Error("on purpose")'), 'PLUGIN_BROKEN', /plugin\.js.*on purpose/s],
    ['is no JavaScript', () => moduleOf('export const = 3', 'bad.mjs'), 'PLUGIN_BROKEN', /bad\.mjs/],
    ['exports nothing', () => moduleOf('export const other = 1'), 'PLUGIN_BROKEN', /exports no plugin/],
    ['exports something else', () => moduleOf('export const plugin = 7'), 'PLUGIN_BROKEN', /is 7/],
    ['has no name', () => moduleOf('export const plugin = {}'), 'PLUGIN_BROKEN', /name is missing/],
    ['has a kind that is none', () => moduleOf('export const plugin = { name: "x", backbone: [] }'), 'PLUGIN_BROKEN', /"backbone"/],
    [
      'has options that are no zod object',
      () => moduleOf('export const plugin = { name: "x", rewards: [{ name: "r", description: "", options: {}, create() {} }] }'),
      'PLUGIN_BROKEN',
      /rewards r/,
    ],
  ])('that %s is refused by name', async (_, source, code, message) => {
    const refused = resolveConfig({ plugins: [await source()] });
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(message);
  });

  test.each([
    ['a name that a built-in part has', [{ name: 'a', rewards: [reward('lc')] }], /reward "lc".*this program/],
    [
      'a name that another plug-in has taken',
      [
        { name: 'a', rewards: [reward('r')] },
        { name: 'b', rewards: [reward('r')] },
      ],
      /plug-in a/,
    ],
    ['the name of another plug-in', [{ name: 'a' }, { name: 'a' }], /"a" was loaded before/],
    ['a reward named as a stage', [{ name: 'a', rewards: [reward('stage1')] }], /weights of that stage/],
  ] satisfies [string, Plugin[], RegExp][])('with %s is a clash', async (_, plugins, message) => {
    const refused = resolveConfig({ plugins });
    await expect(refused).rejects.toMatchObject({ code: 'PLUGIN_CLASH' });
    await expect(refused).rejects.toThrow(message);
  });

  test('whose option has the name of a common one of its section is a clash', async () => {
    const backbone = {
      ...(await loadPlugins([everyKind]))[0]!.plugin.backbones![0]!,
      options: z.object({ epochs: z.number().default(1).describe('x') }),
    };
    await expect(resolveConfig({ plugins: [{ name: 'a', backbones: [backbone] }] })).rejects.toThrow(/epochs.*ctr\.epochs/s);
  });

  test('of the built-in rewards none is missing from the weights', async () => {
    const { config } = await resolveConfig({});
    expect(Object.keys(config.rewards.stage1)).toEqual(Object.keys(rewards));
  });
});
