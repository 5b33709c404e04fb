import { EncoderError } from '../errors.js';
import type { ImageSettings, Size } from './image-settings.js';
import { MOST_PIXELS, type Pixels } from './pixels.js';
import { resample } from './resample.js';

/** What a model is given of an image. */
export interface PreparedImage extends Size {
  /** [3, height, width] row major. */
  readonly data: Float32Array;
}

/**
 * Brings an image into the form that a model was trained on. Source: transformers, `image_processing_clip.py` and `image_transforms.py`.
 * @throws EncoderError `ENCODER_IMAGE` for one that is so narrow that it would become too long
 */
export function preprocess(image: Pixels, { resize, resample: filter, crop, scale, mean, deviation }: ImageSettings): PreparedImage {
  const size = resize === null ? image : 'shortest' in resize ? withShorterSide(image, resize.shortest) : resize;
  if (size.width * size.height > MOST_PIXELS) {
    throw new EncoderError('ENCODER_IMAGE', `an image of ${image.width} x ${image.height} would become ${size.width} x ${size.height}`, {
      expected: `at most ${MOST_PIXELS.toLocaleString('en-US')} pixels`,
      remedy: 'get another image, or take it out',
    });
  }
  const resized = resample(image, size.width, size.height, filter);
  const { data, width, height } = crop === null ? resized : cropMiddle(resized, crop);
  const out = new Float32Array(3 * height * width);
  const plane = height * width;
  for (let channel = 0; channel < 3; channel += 1) {
    for (let at = 0; at < plane; at += 1) {
      out[channel * plane + at] = (Math.fround(data[at * 3 + channel]! * scale) - mean[channel]!) / deviation[channel]!;
    }
  }
  return { data: out, width, height };
}

/** The size with the same proportions whose shorter side has a length; the longer one is cut to whole pixels. */
function withShorterSide({ width, height }: Size, shortest: number): Size {
  return width <= height
    ? { width: shortest, height: Math.trunc((shortest * height) / width) }
    : { width: Math.trunc((shortest * width) / height), height: shortest };
}

/** The middle of an image; black stands where it does not reach. */
function cropMiddle({ data, width, height }: Pixels, size: Size): Pixels {
  const left = start(width, size.width);
  const top = start(height, size.height);
  const out = new Uint8Array(size.width * size.height * 3);
  for (let y = Math.max(0, -top); y < Math.min(size.height, height - top); y += 1) {
    const from = Math.max(0, -left);
    const to = Math.min(size.width, width - left);
    const row = (y + top) * width + left;
    out.set(data.subarray((row + from) * 3, (row + to) * 3), (y * size.width + from) * 3);
  }
  return { data: out, ...size };
}

/** Where the crop begins in the image; below 0 where black stands before it. */
function start(length: number, crop: number): number {
  return length >= crop ? Math.floor((length - crop) / 2) : -Math.ceil((crop - length) / 2);
}
