import { EncoderError } from '../errors.js';
import { damaged, readObject, type ReadModelFile } from '../transformers/model-json.js';
import { RESAMPLINGS } from './resample.js';

/** A size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What becomes of an image before a model sees it. */
export interface ImageSettings {
  /** The size that it is brought to, or the length of its shorter side; null = as it is. */
  readonly resize: Size | { readonly shortest: number } | null;
  /** Filter of the resizing, by Pillow's number. */
  readonly resample: number;
  /** The middle part that is kept, with black around it where the image is smaller; null = all. */
  readonly crop: Size | null;
  /** Multiplies values from 0 to 255. */
  readonly scale: number;
  /** Taken off each channel, after scaling. */
  readonly mean: readonly number[];
  /** Divides each channel after that. */
  readonly deviation: readonly number[];
}

const FILE = 'preprocessor_config.json';

/** What a processor does where its file does not say. Source: transformers, the classes of these names. */
interface Defaults {
  readonly resample: number;
  /** A size of one number is the length of the shorter side, not that of both. */
  readonly shortest: boolean;
  readonly crop: boolean;
}
const PROCESSORS: Readonly<Record<string, Defaults>> = {
  CLIP: { resample: 3, shortest: true, crop: true },
  ChineseCLIP: { resample: 3, shortest: true, crop: true },
  Bit: { resample: 3, shortest: true, crop: true },
  DeiT: { resample: 3, shortest: false, crop: true },
  ViT: { resample: 2, shortest: false, crop: false },
  Siglip: { resample: 3, shortest: false, crop: false },
  Blip: { resample: 3, shortest: false, crop: false },
};

/** What is done here; whatever else a file asks to do is refused. */
const DONE: ReadonlySet<string> = new Set(['do_resize', 'do_center_crop', 'do_rescale', 'do_normalize', 'do_convert_rgb']);

/** No model looks at more pixels. */
const LARGEST = 2048;

/**
 * Reads preprocessor_config.json as transformers' image processors do: those of CLIP, SigLIP, ViT, DeiT, DINOv2 and kin.
 *
 * @throws EncoderError `ENCODER_DAMAGED_FILE` which names the field, `ENCODER_IMAGE_PROCESSOR` for one that does something else
 */
export async function readImageSettings(read: ReadModelFile): Promise<ImageSettings> {
  const file = await readObject(read, FILE);
  if (file === undefined) throw damaged(FILE, 'the settings of an image processor');
  const named = file['image_processor_type'] ?? file['feature_extractor_type'] ?? '';
  if (typeof named !== 'string') throw damaged(FILE, 'a name as image_processor_type');
  const kind = /^(\w+?)(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/u.exec(named)?.[1] ?? '';
  const defaults = Object.hasOwn(PROCESSORS, kind) ? PROCESSORS[kind] : undefined;
  refuseOthers(file, named);
  const given = (name: string, otherwise: unknown): unknown => file[name] ?? otherwise ?? unknownDefault(name, named);
  const flag = (name: string, otherwise: boolean | undefined): boolean => {
    const value = given(name, otherwise);
    if (typeof value !== 'boolean') throw damaged(FILE, `true or false as ${name}`);
    return value;
  };
  const resample = given('resample', defaults?.resample);
  if (!RESAMPLINGS.includes(resample as number)) throw damaged(FILE, `one of ${RESAMPLINGS.join(', ')} as resample`);
  const normalizes = flag('do_normalize', true);
  const scale = flag('do_rescale', true) ? numberIn(file, 'rescale_factor', 1 / 255) : 1;
  return {
    resize: flag('do_resize', true) ? sizeIn(given('size', undefined), defaults?.shortest) : null,
    resample: resample as number,
    crop: flag('do_center_crop', defaults?.crop ?? false) ? cropIn(given('crop_size', undefined)) : null,
    scale,
    mean: normalizes ? channelsIn(file, 'image_mean') : [0, 0, 0],
    deviation: normalizes ? channelsIn(file, 'image_std') : [1, 1, 1],
  };
}

function refuseOthers(file: Readonly<Record<string, unknown>>, type: string): void {
  const other = Object.keys(file).find((name) => name.startsWith('do_') && file[name] === true && !DONE.has(name));
  const special = ['crop_pct', 'size_divisor', 'size_divisibility', 'rescale_offset'].find((name) => (file[name] ?? false) !== false);
  const first = other ?? special;
  if (first !== undefined) throw unsupported(`${type || 'the image processor'} wants ${first}`);
}

function unknownDefault(name: string, type: string): never {
  throw unsupported(`${name} is not given, and what ${type === '' ? 'an unnamed processor' : type} does without it is not known`);
}

function unsupported(what: string): EncoderError {
  return new EncoderError('ENCODER_IMAGE_PROCESSOR', what, {
    where: FILE,
    expected: `resizing, a crop of the middle, scaling and normalizing, as by the processors of ${Object.keys(PROCESSORS).join(', ')}`,
    remedy: 'choose another model, such as Xenova/clip-vit-base-patch32',
  });
}

const isSide = (side: unknown): side is number => Number.isInteger(side) && (side as number) >= 1 && (side as number) <= LARGEST;

function sizeIn(size: unknown, shortest: boolean | undefined): NonNullable<ImageSettings['resize']> {
  if (isSide(size)) {
    if (shortest === undefined) throw unsupported('size is one number, and which side it is of is not known');
    return shortest ? { shortest: size } : { width: size, height: size };
  }
  const { width, height, shortest_edge: edge, ...others } = (size ?? {}) as Readonly<Record<string, unknown>>;
  const rest = Object.keys(others).find((name) => others[name] !== null);
  if (rest !== undefined) throw unsupported(`size has ${rest}`);
  if (isSide(width) && isSide(height)) return { width, height };
  if (isSide(edge)) return { shortest: edge };
  throw damaged(FILE, `width and height, or shortest_edge, from 1 to ${LARGEST} in size`);
}

function cropIn(size: unknown): Size {
  if (isSide(size)) return { width: size, height: size };
  const { width, height } = (size ?? {}) as Readonly<Record<string, unknown>>;
  if (isSide(width) && isSide(height)) return { width, height };
  throw damaged(FILE, `width and height from 1 to ${LARGEST} in crop_size`);
}

function numberIn(file: Readonly<Record<string, unknown>>, name: string, otherwise: number): number {
  const value = file[name] ?? otherwise;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw damaged(FILE, `a number as ${name}`);
}

function channelsIn(file: Readonly<Record<string, unknown>>, name: string): readonly number[] {
  const values = file[name];
  const isRight = (value: unknown): boolean =>
    typeof value === 'number' && Number.isFinite(value) && !(name === 'image_std' && value === 0);
  if (Array.isArray(values) && values.length === 3 && values.every(isRight)) return values as readonly number[];
  throw damaged(FILE, `three numbers as ${name}`);
}
