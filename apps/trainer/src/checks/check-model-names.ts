import { stat } from 'node:fs/promises';
import { nearestName } from '@expctr/core';
import { findEncoder } from '@expctr/encoder';
import { languageModels } from '@expctr/testbed';
import { ConfigError } from '../config/errors.js';
import type { Config } from '../config/schema.js';
import type { Registry } from '../plugins/registry.js';

/**
 * Models that are called almost as those that come with the program: taken for hub ids, they would be looked for on the network.
 * @throws ConfigError `CONFIG_UNKNOWN_PART` with the names that there are and the nearest
 */
export async function checkModelNames({ llm, encoder }: Config, { encoders }: Registry): Promise<void> {
  const models = Object.values(languageModels).map(({ name }) => name);
  if (!models.includes(llm.model))
    await refuseNearMiss('llm.model', llm.model, models, 'a folder, a GGUF file, a hub id such as owner/name');
  const names = encoders.map(({ name }) => name);
  const { argument } = findEncoder(encoder.model, encoders);
  // an encoder that was chosen by its name takes what follows the colon
  if (argument === encoder.model) await refuseNearMiss('encoder.model', encoder.model, names, 'a folder, a hub id such as owner/name');
}

async function refuseNearMiss(where: string, given: string, names: readonly string[], others: string): Promise<void> {
  const [name = ''] = given.split(':', 1);
  if (/[\\/]/u.test(given) || name.length < 2) return; // a path, a hub id with its owner, a drive of Windows
  const near = nearestName(name, names);
  if (near === undefined || (await stat(given).catch(() => null)) !== null) return;
  throw new ConfigError('CONFIG_UNKNOWN_PART', `there is no ${where === 'llm.model' ? 'language model' : 'encoder'} "${name}"`, {
    where,
    expected: `${others}, or one of ${names.join(', ')}`,
    remedy: `write ${where}=${near}${given.slice(name.length)} (the nearest is ${near})`,
  });
}
