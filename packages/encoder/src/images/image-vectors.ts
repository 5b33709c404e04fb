import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions, sha256, withFileErrors, type OptionKeys } from '@expctr/core';
import { cacheFolder } from '../cache/cache-folder.js';
import { openEmbeddingStore, type EmbeddingStore } from '../cache/embedding-store.js';
import { EncoderError } from '../errors.js';
import type { ImageEncoder } from './image-encoder.js';
import { imageFiles } from './image-files.js';

/** What becomes of an item without an image, and of one whose image cannot be read. */
export type MissingImages = 'zero' | 'error';

/** Options of {@link imageVectors}. */
export interface ImageVectorsOptions {
  /** Folder of images that are named by the items that they are of: `ID.jpg`, `.png`, `.webp`, ... */
  readonly folder: string;
  /** The items, in the order of the vectors. */
  readonly itemIds: readonly string[];
  /** `zero` (default): the zero vector, and the item is named in the result; `error`: an error that names the first. */
  readonly missing?: MissingImages;
  /** Folder of a cache by content, which may be that of texts: only images that no earlier call has brought reach the encoder. */
  readonly cache?: string;
  /** Called with the number of items done and their total. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Vectors of items by their images. With the items' codes they are what `withVectors` of `@expctr/ctr-models` takes. */
export interface ImageVectors {
  /** [items, d] row major; zero for an item whose image is missing or damaged. */
  readonly data: Float32Array;
  /** d, the size of a vector. */
  readonly dimension: number;
  /** Items that have no image. */
  readonly missing: readonly string[];
  /** Items whose image cannot be read. */
  readonly damaged: readonly string[];
}

const IMAGE_VECTORS_OPTIONS: OptionKeys<ImageVectorsOptions> = {
  folder: true,
  itemIds: true,
  missing: true,
  cache: true,
  onProgress: true,
};

/** Images that are read before they are encoded and written. */
const AT_ONCE = 64;

/**
 * A vector for each item from a folder of images.
 *
 * @throws EncoderError `ENCODER_IMAGE_FOLDER` for a folder that is not there, has two images of an item, or has none of any of the items;
 *   `ENCODER_IMAGE_MISSING` and `ENCODER_IMAGE` where `missing` is `error`
 */
export async function imageVectors(encoder: ImageEncoder, parameters: ImageVectorsOptions): Promise<ImageVectors> {
  checkOptions('imageVectors', parameters, IMAGE_VECTORS_OPTIONS);
  const { folder, itemIds, missing: policy = 'zero', cache, onProgress } = parameters;
  const { dimension } = encoder;
  const files = await imageFiles(folder);
  const missing = itemIds.filter((id) => !files.has(id));
  if (itemIds.length > 0 && missing.length === itemIds.length) throw noneFits(folder, files, itemIds);
  if (policy === 'error' && missing.length > 0) throw lacks(folder, missing, itemIds.length);
  const store = cache === undefined ? null : await openEmbeddingStore(cacheFolder(cache, encoder), dimension, encoder.identity);
  const data = new Float32Array(itemIds.length * dimension); // [items, d]
  const damaged: string[] = [];
  const present = itemIds.flatMap((id, row) => (files.has(id) ? { id, row, path: join(folder, files.get(id)!) } : []));
  for (let start = 0; start < present.length; start += AT_ONCE) {
    const items = present.slice(start, start + AT_ONCE);
    const images = await Promise.all(items.map(({ path }) => withFileErrors(path, () => readFile(path))));
    const { vectors, unreadable } = await encodeImages(encoder, images, store);
    items.forEach(({ id, row, path }, at) => {
      const error = unreadable.get(at);
      if (error === undefined) data.set(vectors.subarray(at * dimension, (at + 1) * dimension), row * dimension);
      else if (policy === 'error') throw imageError(path, error);
      else damaged.push(id);
    });
    onProgress?.(missing.length + start + items.length, itemIds.length);
  }
  return { data, dimension, missing, damaged };
}

/** Vectors of images, from the store where it knows them; and which of them cannot be read. */
async function encodeImages(
  encoder: ImageEncoder,
  images: readonly Uint8Array[],
  store: EmbeddingStore | null,
): Promise<{ readonly vectors: Float32Array; readonly unreadable: ReadonlyMap<number, Error> }> {
  const { dimension } = encoder;
  const keys = images.map((image) => sha256(image));
  const first = new Map<string, number>();
  keys.forEach((key, at) => {
    if (!first.has(key) && store?.rowOf(key) === undefined) first.set(key, at);
  });
  const fresh = [...first.values()];
  const errors = new Map<string, Error>();
  const encoded = await encoder.encode(
    fresh.map((at) => images[at]!),
    { onDamaged: (at, error) => errors.set(keys[fresh[at]!]!, error) },
  );
  if (!encoded.every(Number.isFinite)) {
    throw new EncoderError('ENCODER_RESULT', 'the encoder gave values that are not finite', {
      where: `encoder ${encoder.name}`,
      remedy: 'check the weights of its model, and its precision: float16 overflows where float32 does not',
    });
  }
  const rowOf = new Map(fresh.map((at, row) => [keys[at]!, row]));
  const whole = fresh.filter((at) => !errors.has(keys[at]!));
  const row = (at: number): Float32Array => encoded.subarray(rowOf.get(keys[at]!)! * dimension, (rowOf.get(keys[at]!)! + 1) * dimension);
  if (store !== null && whole.length > 0) {
    const kept = new Float32Array(whole.length * dimension);
    whole.forEach((at, to) => kept.set(row(at), to * dimension));
    await store.append({ keys: whole.map((at) => keys[at]!), vectors: kept, truncated: new Uint8Array(whole.length) });
  }
  const vectors = new Float32Array(images.length * dimension);
  const unreadable = new Map<number, Error>();
  keys.forEach((key, at) => {
    const error = errors.get(key);
    if (error !== undefined) unreadable.set(at, error);
    else vectors.set(rowOf.has(key) ? row(at) : store!.vector(store!.rowOf(key)!), at * dimension);
  });
  return { vectors, unreadable };
}

function imageError(path: string, cause: Error): EncoderError {
  const { what, expected } = cause as EncoderError;
  return new EncoderError('ENCODER_IMAGE', what, {
    where: path,
    ...(expected === undefined ? {} : { expected }),
    remedy: "get the image again; or let such items have the zero vector, by missing: 'zero'",
    cause,
  });
}

function lacks(folder: string, missing: readonly string[], items: number): EncoderError {
  return new EncoderError('ENCODER_IMAGE_MISSING', `${missing.length} of ${items} items have no image, the first is ${missing[0]}`, {
    where: folder,
    expected: 'an image for each item, named by its id',
    remedy: "add the images; or let such items have the zero vector, by missing: 'zero'",
    wrongUse: true,
  });
}

function noneFits(folder: string, files: ReadonlyMap<string, string>, itemIds: readonly string[]): EncoderError {
  const [found] = files.values();
  return new EncoderError('ENCODER_IMAGE_FOLDER', `none of ${files.size} images is of one of ${itemIds.length} items`, {
    where: folder,
    expected: `images that are named by item ids, such as ${encodeURIComponent(itemIds[0]!)}.jpg${found === undefined ? '' : `, not ${found}`}`,
    remedy: 'check the path, and rename the images by the items that they are of',
    wrongUse: true,
  });
}
