/** What a caller may follow while images are encoded. */
export interface EncodeImagesOptions {
  /** Called after every batch with the number of images done and their total. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called for an image that cannot be read, which then gets the zero vector. Without it such an image is an error. */
  readonly onDamaged?: (index: number, error: Error) => void;
}

/** Turns images into vectors. The vector of an image depends on its bytes alone, so that vectors may be cached by content. */
export interface ImageEncoder {
  /** Short name for metadata and reports, such as `clip-vit-base-patch32`. */
  readonly name: string;
  /** Everything that a vector depends on besides the image: the cache's key. */
  readonly identity: string;
  /** d, the size of a vector. */
  readonly dimension: number;
  /** Whether every vector has Euclidean length 1. */
  readonly normalized: boolean;
  /** Vectors of images as their files hold them (JPEG, PNG, WebP, ...), in order: float32 [n, d], row major. */
  encode(images: readonly Uint8Array[], options?: EncodeImagesOptions): Promise<Float32Array>;
  /** Frees what the encoder holds outside JavaScript's heap; it cannot encode afterwards. */
  dispose(): Promise<void>;
}
