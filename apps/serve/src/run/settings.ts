import { hubEnvironment } from '@expctr/hub';
import { parseObject, readText, type RunFolder } from '@expctr/run';
import { loadRegistry, parseConfig, type Settings } from '@expctr/trainer';
import { ServeError } from '../errors.js';

/** The settings that a run has, its plug-ins loaded, and models from the hub as the environment says. */
export async function runSettings({ root, config: path }: RunFolder): Promise<Settings> {
  const text = await readText(path);
  if (text === null) {
    throw new ServeError('SERVE_NO_RUN', 'the run has no config.json', {
      where: root,
      expected: 'the folder of a run as expctr-train left it',
      remedy: `write it again: expctr-train --resume ${root}`,
    });
  }
  const config = parseObject(text, path);
  const registry = await loadRegistry((config['plugins'] ?? []) as Parameters<typeof loadRegistry>[0]);
  return { ...parseConfig(config, registry), hub: await hubEnvironment(process.env) };
}
