import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { configJsonSchema } from '../src/config/config-schema.js';
import { listOptions } from '../src/config/options.js';
import { failWith, nearestName } from '@expctr/core';
import { presets } from '../src/config/presets.js';
import { resolveConfig } from '../src/config/resolve.js';
import { namedPlugins, parseCommandLine } from '../src/cli/program.js';
import { createRegistry } from '../src/plugins/registry.js';

const registry = createRegistry();

describe('resolveConfig', () => {
  test('an empty configuration is complete', async () => {
    const { config } = await resolveConfig({});
    expect(config.data.kCore).toBe(5);
    expect(config.reader.onFail).toBe('stop');
    const weights = (chosen: string): object => Object.fromEntries(registry.rewards.map(({ name }) => [name, name === chosen ? 1 : 0]));
    expect(config.rewards.stage1).toEqual(weights('lc'));
    expect(config.rewards.stage3).toEqual(weights('ic'));
  });

  test.each(Object.keys(presets))('preset %s is valid', async (preset) => {
    await expect(resolveConfig({ preset })).resolves.toBeDefined();
  });

  test('later sources win: preset, file, flags, --set', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'expctr-config-')), 'config.json');
    await writeFile(file, JSON.stringify({ $schema: './schema.json', data: { kCore: 7, maxPerUser: 9 }, seed: 3 }));
    const { config } = await resolveConfig({
      preset: 'demo',
      file,
      flags: { seed: 4, 'llm.model': undefined },
      sets: ['seed=5', 'data.maxPerUser=11'],
    });
    expect(config).toMatchObject({ seed: 5, data: { kCore: 7, maxPerUser: 11, history: { length: 6 } }, llm: { model: 'generated' } });
  });

  test('--set takes JSON, and text where it is no JSON', async () => {
    const { config } = await resolveConfig({
      sets: ['llm.model=./my model', 'llm.lora.targetModules=["o_proj"]', 'ppo.algorithm=ppo', 'ppo.klTarget=3', 'prompt.lc=null'],
    });
    expect(config.llm.model).toBe('./my model');
    expect(config.llm.lora.targetModules).toEqual(['o_proj']);
    expect(config.ppo.klTarget).toBe(3);
    expect(config.prompt.lc).toBeNull();
  });

  test('an unknown option is refused with its path and the nearest right name', async () => {
    await expect(resolveConfig({ sets: ['ppo.learningrate=1'] })).rejects.toThrow(/ppo\.learningrate.*ppo\.learningRate/);
    await expect(resolveConfig({ sets: ['kCore=1'] })).rejects.toThrow(/data\.kCore/);
    await expect(resolveConfig({ flags: { 'ctr.epoch': 1 } })).rejects.toThrow(/ctr\.epoch.*ctr\.epochs/);
  });

  test('a wrong value is refused with its path, what was expected and the default', async () => {
    await expect(resolveConfig({ sets: ['data.kCore=-1'] })).rejects.toThrow(/data\.kCore.*Expected.*default \(5\)/s);
    await expect(resolveConfig({ sets: ['reader.onFail=ignore'] })).rejects.toThrow(/reader\.onFail.*stop \| warn/s);
    await expect(resolveConfig({ sets: ['seed'] })).rejects.toThrow(/path\.to\.option=value/);
  });

  test('an unknown preset is refused with the nearest name', async () => {
    await expect(resolveConfig({ preset: 'demmo' })).rejects.toThrow(/--preset demo/);
  });

  test('the options of the chosen part stand beside the common ones of its section, those of others are refused', async () => {
    const { config } = await resolveConfig({ sets: ['ctr.backbone=deepfm', 'ctr.hidden=[8]', 'dataset=testbed', 'data.users=9'] });
    expect(config.ctr).toMatchObject({ backbone: 'deepfm', hidden: [8], dropout: 0, epochs: 30 });
    expect(config.data).toMatchObject({ users: 9, kCore: 5 });
    await expect(resolveConfig({ sets: ['ctr.backbone=fm', 'ctr.hidden=[8]'] })).rejects.toMatchObject({
      code: 'CONFIG_OTHER_PART',
      where: 'ctr.hidden',
    });
    expect((await resolveConfig({ sets: ['ctr.backbone=fm'] })).config.ctr).not.toHaveProperty('hidden');
  });

  test('what a preset says of another part is left out, what the user says of it is not', async () => {
    const { config } = await resolveConfig({ preset: 'testbed', flags: { dataset: 'generated' } });
    expect(config.data).not.toHaveProperty('users');
    await expect(resolveConfig({ preset: 'testbed', flags: { dataset: 'generated' }, sets: ['data.users=3'] })).rejects.toThrow(
      /data\.users.*testbed/s,
    );
  });

  test('a part that is not there is refused with those that are and the nearest', async () => {
    await expect(resolveConfig({ sets: ['ctr.backbone=deepfn'] })).rejects.toThrow(/ctr\.backbone.*deepfn.*fm.*nearest is deepfm/s);
    await expect(resolveConfig({ flags: { dataset: 'movielenz' } })).rejects.toMatchObject({ code: 'CONFIG_UNKNOWN_PART' });
    await expect(resolveConfig({ sets: ['ctr.history=["din","deepfn"]'] })).rejects.toThrow(/ctr\.history.*deepfn.*nearest is deepfm/s);
    await expect(resolveConfig({ sets: ['ctr.history=[]'] })).rejects.toThrow(/ctr\.history/);
    await expect(resolveConfig({ sets: ['ppo.algorithm=7'] })).rejects.toMatchObject({ code: 'CONFIG_UNKNOWN_PART' });
  });

  test('a file that is missing or no JSON object is refused by name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'expctr-config-'));
    await expect(resolveConfig({ file: join(folder, 'absent.json') })).rejects.toThrow(/absent\.json/);
    await writeFile(join(folder, 'bad.json'), '{');
    await expect(resolveConfig({ file: join(folder, 'bad.json') })).rejects.toThrow(/bad\.json.*not JSON/);
    await writeFile(join(folder, 'list.json'), '[]');
    await expect(resolveConfig({ file: join(folder, 'list.json') })).rejects.toThrow(/no object/);
  });
});

describe('options', () => {
  test('every option has a description and a default', () => {
    const options = listOptions(registry);
    expect(options.length).toBeGreaterThan(50);
    for (const option of options) {
      expect(option.description, option.path).not.toBe('');
      expect(option.default, option.path).not.toBeUndefined();
    }
  });

  test('names that outside programs rely on are there', () => {
    const names = listOptions(registry).map((option) => option.path);
    for (const name of [
      'data.kCore',
      'data.maxPerUser',
      'data.maxInteractions',
      'reader.onFail',
      'llm.maxNewTokens',
      'ppo.learningRate',
      'ctr.epochs',
      'encoder.pooling',
      'prompt.explanation',
      'prompt.lc',
    ]) {
      expect(names).toContain(name);
    }
  });

  test('every number has a largest value, and a larger one is refused with the bound and why', async () => {
    const numbers = listOptions(registry).filter(({ type }) => /integer|number/u.test(type));
    expect(numbers.length).toBeGreaterThan(60);
    for (const { path, part, type } of numbers) {
      if (path === 'seed') continue; // any whole number that JavaScript tells from the next
      expect(type, path).toMatch(/ (?:to|below) [\d.,e+]+/u);
      const chosen = part === undefined || part.chosenBy === 'encoder.model' ? [] : [`${part.chosenBy}=${part.name}`];
      const encoder = part?.chosenBy === 'encoder.model' ? [`encoder.model=${part.name}:x`] : [];
      const huge = type.includes('integer') ? 9e15 : 1e300;
      const value = type.startsWith('list') ? `[${huge}]` : String(huge);
      const share = / to 1$| to 1 \||below/u.test(type); // its bound needs no reason
      await expect(resolveConfig({ sets: [...chosen, ...encoder, `${path}=${value}`] }), path).rejects.toThrow(
        share ? /Too big|too large/u : /too large: at most [\d.,e+]+, for \w/u,
      );
    }
  });

  test('a list that is given as text is answered with a list', async () => {
    await expect(resolveConfig({ sets: ['ctr.history=deepfm'] })).rejects.toThrow(
      /expected array.* Expected list of string, as in 'ctr\.history=\["logistic-regression","deepfm","din"\]' \(/u,
    );
    await expect(resolveConfig({ sets: ['llm.lora.targetModules=q_proj'] })).rejects.toThrow(
      /as in 'llm\.lora\.targetModules=\["name"\]'/u,
    );
    await expect(resolveConfig({ sets: ['ctr.learningCurve=[10,"x"]'] })).rejects.toThrow(
      /ctr\.learningCurve\.1.* as in 'ctr\.learningCurve=\[100/u,
    );
  });

  test('the JSON Schema refuses unknown properties, so that editors mark them', () => {
    expect(configJsonSchema(registry)).toMatchObject({ type: 'object', additionalProperties: false });
  });

  test('every option given its own default is accepted', async () => {
    // together with those of its part: an error names the option
    const byPart = new Map<string, string[]>();
    for (const { path, part, default: value } of listOptions(registry)) {
      const chosen = part === undefined ? '' : `${part.chosenBy}=${part.name}${part.chosenBy === 'encoder.model' ? ':x' : ''}`;
      const sets = byPart.get(chosen) ?? (chosen === '' ? [] : [chosen]);
      byPart.set(chosen, [...sets, `${path}=${JSON.stringify(value)}`]);
    }
    for (const sets of byPart.values()) await expect(resolveConfig({ sets })).resolves.toBeDefined();
  });
});

describe('nearestName', () => {
  test('a name is nearest to itself, and one typing error away from it', () => {
    const names = listOptions(registry).map((option) => option.path);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), (name, at) => {
        expect(nearestName(name, names)).toBe(name);
        const cut = at % name.length;
        expect(nearestName(name.slice(0, cut) + name.slice(cut + 1), names)).toBeDefined();
      }),
    );
  });

  test('nothing is near to nonsense', () => {
    expect(nearestName('zzzzzzzzzzzz', ['seed', 'dataset'])).toBeUndefined();
  });
});

describe('parseCommandLine', () => {
  test('flags become options', () => {
    expect(
      parseCommandLine(['--dataset', 'movielens', '--data-dir', 'd', '--seed', '3', '--set', 'a=1', '--set', 'b=2', '--json'], registry),
    ).toMatchObject({ dataset: 'movielens', dataDir: 'd', seed: 3, set: ['a=1', 'b=2'], json: true });
  });

  test('plug-ins are known before anything else is read', async () => {
    expect(await namedPlugins(['--seed', 'x', '--plugin', './a.js', '--unknown', '--plugin=b', '--help'])).toEqual(['./a.js', 'b']);
    expect(await namedPlugins(['--plugin'])).toEqual([]);
  });

  test('wrong use ends with 2, help with 0', () => {
    const codeOf = (argv: string[]): number => {
      try {
        parseCommandLine(argv, registry);
      } catch (error) {
        return failWith(error, () => undefined);
      }
      return -1;
    };
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(codeOf(['--no-such-flag'])).toBe(2);
    expect(codeOf(['--seed', 'x'])).toBe(2);
    expect(codeOf(['stray'])).toBe(2);
    expect(codeOf(['--help'])).toBe(0);
    expect(codeOf(['--version'])).toBe(0);
    vi.restoreAllMocks();
  });
});
