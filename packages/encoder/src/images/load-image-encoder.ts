import { checkOptions, type OptionKeys } from '@expctr/core';
import type { HubOptions } from '@expctr/hub';
import type { DeviceType } from '@huggingface/transformers';
import { EncoderError, EncoderOptionError } from '../errors.js';
import { normalizeInPlace } from '../normalize.js';
import { loadLibrary } from '../transformers/library.js';
import { DTYPE_SUFFIXES, locateModel, type EncoderDType } from '../transformers/model-files.js';
import { IMAGE_MODEL } from '../transformers/model-kind.js';
import { decodeImage, loadDecoder } from './decode.js';
import type { ImageEncoder } from './image-encoder.js';
import { openImageModel } from './image-model.js';
import { readImageSettings } from './image-settings.js';
import { preprocess, type PreparedImage } from './preprocess.js';

/** Options of {@link loadImageEncoder}. */
export interface ImageEncoderOptions {
  /** Precision of the weights. Default `fp32`. */
  readonly dtype?: EncoderDType;
  /** Whether vectors are scaled to length 1, as CLIP compares them. Default true. */
  readonly normalize?: boolean;
  /** Images that go through the model at once. Default 16; 1 for int8 graphs, which scale activations by the range of the batch. */
  readonly batchSize?: number;
  /** Threads of a matrix product. Default: one for each core. */
  readonly threads?: number;
  /** Where the model runs: `cpu` (default), `cuda`, `webgpu`, ... as in transformers.js. */
  readonly device?: DeviceType;
  /** Where a model that is named by its hub id comes from, and where it is kept. */
  readonly hub?: HubOptions;
}

const IMAGE_ENCODER_OPTIONS: OptionKeys<ImageEncoderOptions> = {
  dtype: true,
  normalize: true,
  batchSize: true,
  threads: true,
  device: true,
  hub: true,
};

/** Precisions whose graphs scale activations by the range of the whole batch. */
const SCALED_BY_BATCH: ReadonlySet<EncoderDType> = new Set(['q8', 'int8', 'uint8']);

/**
 * Images to vectors by any image model that @huggingface/transformers can run: CLIP's and SigLIP's image side, ViT, DeiT, DINOv2. An image
 * is resized, cropped and normalized as preprocessor_config.json says, byte for byte as Python's transformers does with Pillow.
 *
 * @param idOrFolder a folder with config.json, preprocessor_config.json and onnx/vision_model.onnx or onnx/model.onnx, or a hub id
 * @throws EncoderOptionError `ENCODER_OPTION`
 * @throws EncoderError `ENCODER_NOT_FOUND`, `ENCODER_FILE_MISSING`, `ENCODER_DAMAGED_FILE`, `ENCODER_IMAGE_PROCESSOR`, `ENCODER_LIBRARY`,
 *   `ENCODER_LOAD`, `ENCODER_OUTPUT`; `encode` with `ENCODER_IMAGE`
 * @throws HubError where a model of the hub cannot be had
 */
export async function loadImageEncoder(idOrFolder: string, options: ImageEncoderOptions = {}): Promise<ImageEncoder> {
  checkOptions('loadImageEncoder', options, IMAGE_ENCODER_OPTIONS);
  checkValues(options);
  const { dtype = 'fp32', normalize = true, threads, device, hub } = options;
  const batchSize = SCALED_BY_BATCH.has(dtype) ? 1 : (options.batchSize ?? 16);
  const files = await locateModel(idOrFolder, { kind: IMAGE_MODEL, dtype, hub });
  const settings = await readImageSettings(files.read);
  const sharp = await loadDecoder();
  const library = await loadLibrary();
  const model = await openImageModel(files, library, { dtype, threads, device });
  const fixed = settings.crop ?? (settings.resize !== null && 'width' in settings.resize ? settings.resize : null);
  const probe = fixed ?? { width: 224, height: 224 };
  const { width: dimension } = await model
    .features([{ ...probe, data: new Float32Array(3 * probe.width * probe.height) }])
    .catch(async (cause: unknown) => {
      await model.dispose();
      if (cause instanceof EncoderError) throw cause;
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new EncoderError('ENCODER_LOAD', `the model cannot take an image of ${probe.width} x ${probe.height} (${what})`, {
        where: files.location,
        remedy: 'get the model again: preprocessor_config.json and the graph may be of two models',
        cause,
      });
    });
  const identity = `${files.name} ${JSON.stringify({ dtype, normalize, settings, files: await files.fingerprint() })}`;
  let disposed = false;
  return {
    name: files.name,
    identity,
    dimension,
    normalized: normalize,
    async encode(images, { onProgress, onDamaged } = {}) {
      if (disposed)
        throw new EncoderError('ENCODER_DISPOSED', 'the encoder was disposed', { where: files.name, remedy: 'create it again' });
      const vectors = new Float32Array(images.length * dimension); // [images, d]
      for (let start = 0; start < images.length; start += batchSize) {
        const batch: { readonly at: number; readonly image: PreparedImage }[] = [];
        for (let at = start; at < Math.min(start + batchSize, images.length); at += 1) {
          try {
            batch.push({ at, image: preprocess(await decodeImage(images[at]!, sharp), settings) });
          } catch (error) {
            if (onDamaged === undefined || !(error instanceof EncoderError)) throw error;
            onDamaged(at, error);
          }
        }
        for (const same of bySize(batch)) {
          const { data } = await model.features(same.map(({ image }) => image));
          same.forEach(({ at }, row) => {
            vectors.set(data.subarray(row * dimension, (row + 1) * dimension), at * dimension);
            if (normalize) normalizeInPlace(vectors, at * dimension, dimension);
          });
        }
        onProgress?.(Math.min(start + batchSize, images.length), images.length);
      }
      return vectors;
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await model.dispose();
    },
  };
}

/** Images of one size each: only where nothing is cropped, and sides are brought to a shorter length, is there more than one. */
function bySize<T extends { readonly image: PreparedImage }>(batch: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const entry of batch) {
    const key = `${entry.image.width}x${entry.image.height}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

function checkValues({ dtype, batchSize, threads }: ImageEncoderOptions): void {
  if (dtype !== undefined && !Object.hasOwn(DTYPE_SUFFIXES, dtype))
    throw wrong('dtype', dtype, `one of: ${Object.keys(DTYPE_SUFFIXES).join(', ')}`);
  for (const [option, value] of Object.entries({ batchSize, threads })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) throw wrong(option, value, 'an integer of at least 1');
  }
}

function wrong(option: string, value: unknown, expected: string): EncoderOptionError {
  return new EncoderOptionError('ENCODER_OPTION', `${option} is ${JSON.stringify(value)}`, { where: 'loadImageEncoder', expected });
}

/** Brings a model of images to this machine. @returns what names exactly the same one later */
export async function pinImageModel(
  idOrFolder: string,
  { dtype = 'fp32', hub }: Pick<ImageEncoderOptions, 'dtype' | 'hub'> = {},
): Promise<string> {
  return (await locateModel(idOrFolder, { kind: IMAGE_MODEL, dtype, hub })).exactName;
}
