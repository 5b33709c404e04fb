/** More pixels than this are refused before they take memory: a small file may ask for billions. */
export const MOST_PIXELS = 100_000_000;

/** A picture in red, green and blue of 8 bits. */
export interface Pixels {
  /** [height, width, 3] row major. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}
