import type { SharpConstructor } from 'sharp';
import { EncoderError } from '../errors.js';
import { libraryError } from '../transformers/library.js';
import { MOST_PIXELS, type Pixels } from './pixels.js';

/** What is read. Others that sharp knows, such as SVG, are programs rather than pixels. */
const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif', 'avif']);

/** The decoder of images. @throws EncoderError `ENCODER_LIBRARY` where sharp is not installed for this platform */
export async function loadDecoder(
  load: () => Promise<{ readonly default: SharpConstructor }> = () => import('sharp'),
): Promise<SharpConstructor> {
  try {
    return (await load()).default;
  } catch (cause) {
    throw libraryError('sharp', cause);
  }
}

/**
 * The pixels of an image file, turned as its EXIF data say, without regard to a color profile. Transparency is dropped, and gray becomes
 * three equal channels, as Pillow's `convert('RGB')` has it.
 *
 * @throws EncoderError `ENCODER_IMAGE` for bytes that are no image, a damaged one, or one of more than a hundred million pixels
 */
export async function decodeImage(bytes: Uint8Array, sharp: SharpConstructor): Promise<Pixels> {
  const { data, info } = await read().catch((cause: unknown) => {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new EncoderError('ENCODER_IMAGE', `this is no image that can be read (${what.split('\n', 1)[0]})`, {
      expected: `a whole JPEG, PNG, WebP, GIF, TIFF or AVIF file of at most ${MOST_PIXELS.toLocaleString('en-US')} pixels`,
      remedy: 'get the image again, or take it out',
      cause,
    });
  });
  const { width, height, channels } = info;
  const rgb = new Uint8Array(width * height * 3); // [height, width, 3]
  const [green, blue] = channels >= 3 ? [1, 2] : [0, 0];
  for (let at = 0, to = 0; to < rgb.length; at += channels, to += 3) {
    rgb[to] = data[at]!;
    rgb[to + 1] = data[at + green]!;
    rgb[to + 2] = data[at + blue]!;
  }
  return { data: rgb, width, height };

  async function read() {
    const image = sharp(bytes, { failOn: 'error', limitInputPixels: MOST_PIXELS, ignoreIcc: true });
    const { format } = await image.metadata();
    if (!FORMATS.has(format)) throw new Error(`it is ${format}`);
    return image.autoOrient().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  }
}
