/** A picture in red, green and blue of 8 bits. */
export interface Pixels {
  /** [height, width, 3] row major. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}
