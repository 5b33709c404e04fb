import type { ItemVectors } from '@expctr/ctr-models';
import type { Items } from '@expctr/data';
import { imageVectors, itemVectorsFromTable, itemVectorsToTable, loadImageEncoder, type ItemVectors as KeptVectors } from '@expctr/encoder';
import { tableCodec } from '@expctr/run';
import type { Settings } from '../config/resolve.js';
import { warn, type RunContext } from './pipeline.js';

/** Name of the dense feature that holds the vector of an item's image. */
export const IMAGE = 'image';

/**
 * The vectors of the items' images as a dense feature, made once a run; nothing where the configuration names no images. A resumed run
 * has them from its folder and looks at neither the images nor their model.
 * @throws EncoderError where the model cannot be loaded, or images do not fit the items
 */
export async function itemImages(run: RunContext & Pick<Settings, 'hub'>, items: Items): Promise<Readonly<Record<string, ItemVectors>>> {
  if (run.config.images.folder === null) return {};
  const codec = tableCodec(run.folder.itemImages, itemVectorsToTable, itemVectorsFromTable);
  const { data, dimension } = await run.artifacts.artifact('item-images', () => encoded(run, run.config.images.folder!, items), codec);
  return { [IMAGE]: { data, dimension, itemCodes: Int32Array.from({ length: items.length }, (_, code) => code) } };
}

async function encoded(run: RunContext & Pick<Settings, 'hub'>, folder: string, { itemIds }: Items): Promise<KeptVectors> {
  const { config, progress, hub = {} } = run;
  const { model, dtype, missing: policy } = config.images;
  const encoder = await loadImageEncoder(model, { dtype, hub, ...(config.threads > 0 ? { threads: config.threads } : {}) });
  try {
    const task = progress.begin('images', itemIds.length, 'items');
    const { data, dimension, missing, damaged } = await imageVectors(encoder, {
      folder,
      itemIds,
      missing: policy,
      cache: run.folder.checkpoint('vectors'),
      onProgress: (done) => task.update(done),
    });
    task.done();
    const lacking = [...said('no image', missing), ...said('an image that cannot be read', damaged)];
    if (lacking.length > 0) {
      warn(run, 'IMAGES_MISSING', `of ${itemIds.length} items ${lacking.join(' and ')}; their vector is zero (images.missing)`);
    }
    return { itemIds, data, dimension, encoder: encoder.name };
  } finally {
    await encoder.dispose();
  }
}

function said(what: string, [first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  return [`${1 + others.length} ${others.length === 0 ? 'has' : 'have'} ${what}, ${others.length === 0 ? first : `the first is ${first}`}`];
}
