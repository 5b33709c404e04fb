import type { Pixels } from './pixels.js';

/** A filter: how much a pixel at distance x counts, and from what distance on none does. */
interface Filter {
  readonly support: number;
  readonly weight: (x: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Parameter of the cubic convolution. */
const A = -0.5;

/** Pillow's filters by their numbers, which are those of `resample` in preprocessor_config.json; 0 is the nearest pixel. */
const FILTERS: Readonly<Record<number, Filter>> = {
  1: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
  2: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  3: { support: 2, weight: (x) => cubic(Math.abs(x)) },
  4: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  5: { support: 1, weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0) },
};

function cubic(x: number): number {
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
}

/** The numbers of the filters that {@link resample} knows. */
export const RESAMPLINGS: readonly number[] = [0, ...Object.keys(FILTERS).map(Number)];

/** Bits behind the point of a weight. */
const PRECISION = 22;

/** Which pixels of a line make one of the line that it becomes, and how much each counts, as an integer. */
interface Window {
  readonly from: number;
  readonly weights: Int32Array;
}

/**
 * An image in another size, byte for byte as Pillow's `resize` makes it: filters grow wider where an image becomes smaller; first
 * along rows, then along columns, each rounded to 8 bits, or the other way round where many more rows than columns go. (The resizing of transformers.js does not look at all pixels of a larger image.)
 * Source: Pillow, `Resample.c`.
 *
 * @param filter one of {@link RESAMPLINGS}
 */
export function resample(image: Pixels, width: number, height: number, filter: number): Pixels {
  const { weight, support } = FILTERS[filter] ?? {};
  if (weight === undefined || support === undefined) return nearest(image, width, height);
  const [fewerRows, fewerColumns] = [image.height - height, image.width - width];
  const columnsFirst = fewerRows > 0 && fewerRows > 2 * fewerColumns;
  const passes: ((given: Pixels) => Pixels)[] = [
    (given) => (given.width === width ? given : alongRows(given, windowsOf(given.width, width, { weight, support }))),
    (given) => (given.height === height ? given : alongColumns(given, windowsOf(given.height, height, { weight, support }))),
  ];
  return (columnsFirst ? passes.reverse() : passes).reduce((given, pass) => pass(given), image);
}

function windowsOf(size: number, newSize: number, { support, weight }: Filter): Window[] {
  const scale = size / newSize;
  const spread = Math.max(1, scale);
  return Array.from({ length: newSize }, (_, at) => {
    const center = (at + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - support * spread + 0.5));
    const to = Math.min(size, Math.trunc(center + support * spread + 0.5));
    const exact = Array.from({ length: to - from }, (_, k) => weight((k + from - center + 0.5) / spread));
    const sum = exact.reduce((total, value) => total + value, 0);
    return {
      from,
      weights: Int32Array.from(exact, (value) => {
        const units = (sum === 0 ? value : value / sum) * 2 ** PRECISION;
        return Math.trunc(units < 0 ? units - 0.5 : units + 0.5);
      }),
    };
  });
}

function alongRows({ data, width, height }: Pixels, windows: readonly Window[]): Pixels {
  const out = new Uint8Array(height * windows.length * 3);
  for (let y = 0, to = 0; y < height; y += 1)
    for (const { from, weights } of windows)
      for (let channel = 0; channel < 3; channel += 1, to += 1) out[to] = weighted(data, (y * width + from) * 3 + channel, 3, weights);
  return { data: out, width: windows.length, height };
}

function alongColumns({ data, width }: Pixels, windows: readonly Window[]): Pixels {
  const row = width * 3;
  const out = new Uint8Array(windows.length * row);
  windows.forEach(({ from, weights }, y) => {
    for (let x = 0; x < row; x += 1) out[y * row + x] = weighted(data, from * row + x, row, weights);
  });
  return { data: out, width, height: windows.length };
}

function weighted(data: Uint8Array, first: number, stride: number, weights: Int32Array): number {
  let sum = 1 << (PRECISION - 1); // a half, for rounding
  for (let k = 0, at = first; k < weights.length; k += 1, at += stride) sum += data[at]! * weights[k]!;
  return Math.min(255, Math.max(0, sum >> PRECISION));
}

function nearest({ data, width, height }: Pixels, newWidth: number, newHeight: number): Pixels {
  const out = new Uint8Array(newHeight * newWidth * 3);
  for (let y = 0, to = 0; y < newHeight; y += 1) {
    const row = Math.floor(((y + 0.5) * height) / newHeight) * width;
    for (let x = 0; x < newWidth; x += 1, to += 3) {
      const at = (row + Math.floor(((x + 0.5) * width) / newWidth)) * 3;
      out.set(data.subarray(at, at + 3), to);
    }
  }
  return { data: out, width: newWidth, height: newHeight };
}
