import { stat } from 'node:fs/promises';
import { findEncoder, pinImageModel } from '@expctr/encoder';
import { parseModelId, type HubOptions } from '@expctr/hub';
import { locateModel } from '@expctr/llm-lora';
import { optionsOf } from '../config/config-schema.js';
import type { Settings } from '../config/resolve.js';
import { downloadProgress, type Progress } from '@expctr/app-kit';
import { namedModel } from './named-model.js';

/**
 * Brings the models that are named by their hub id to this machine, before anything else is done, and says in the configuration which
 * commits they are: a run that is resumed later, on a hub that has moved on, loads the same.
 * @throws HubError where a model cannot be had
 */
export async function pinModels(settings: Settings, progress: Progress, signal: AbortSignal | undefined): Promise<Settings> {
  const { config } = settings;
  const hub: HubOptions = { onProgress: downloadProgress(progress), ...settings.hub, ...(signal === undefined ? {} : { signal }) };
  const llm = await exactPolicy({ ...settings, hub });
  const encoder = await exactEncoder({ ...settings, hub });
  const images = await exactImageModel({ ...settings, hub });
  return {
    ...settings,
    hub,
    config: {
      ...config,
      llm: { ...config.llm, model: llm },
      encoder: { ...config.encoder, model: encoder },
      images: { ...config.images, model: images },
    },
  };
}

/** The value of `llm.model` that names the same model later: a hub id with its commit. Brings the model to this machine. */
export async function exactPolicy({ config, hub = {} }: Settings): Promise<string> {
  return namedModel(config) === undefined ? (await locateModel(config.llm.model, hub)).name : config.llm.model;
}

/** The value of `encoder.model` that names the same encoder later. Brings its files to this machine. */
export async function exactEncoder({ config, registry, hub = {} }: Settings): Promise<string> {
  const { part, argument } = findEncoder(config.encoder.model, registry.encoders);
  const exact = await part.pin?.(argument, optionsOf(part.options, config.encoder), { hub });
  const spec = config.encoder.model;
  return exact === undefined || exact === argument ? spec : argument === spec ? exact : `${part.name}:${exact}`;
}

/** The value of `images.model` that names the same model later. Brings it to this machine where there are images. */
async function exactImageModel({ config: { images }, hub = {} }: Settings): Promise<string> {
  return images.folder === null ? images.model : pinImageModel(images.model, { dtype: images.dtype, hub });
}

/** The language model for a program that has it from the hub itself: its id without the commit, and the commit. */
export async function modelAndRevision(name: string): Promise<{ readonly model: string; readonly revision?: string }> {
  const isPath = !name.includes('@') || (await stat(name).catch(() => null)) !== null;
  const found = isPath ? null : parseModelId(name);
  return found === null ? { model: name } : { model: found.id, revision: found.revision };
}
