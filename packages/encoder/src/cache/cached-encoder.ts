import { sha256, checkOptions, type OptionKeys } from '@expctr/core';
import { distinct } from '../distinct.js';
import type { EncodeOptions, Encoder } from '../encoder.js';
import { EncoderError } from '../errors.js';
import { cacheFolder } from './cache-folder.js';
import { openEmbeddingStore, type EmbeddingStore } from './embedding-store.js';

/** Options of {@link cachedEncoder}. */
export interface CachedEncoderOptions {
  /** Folder of the cache. Encoders, and settings of one encoder, keep apart in subfolders of it. */
  readonly path: string;
}

/** What became of the distinct texts of all calls so far. */
export interface CacheStatistics {
  /** Found in the cache. */
  readonly hits: number;
  /** Given to the encoder. */
  readonly misses: number;
}

/** An encoder that remembers. */
export interface CachedEncoder extends Encoder {
  /** Counts over all calls. */
  readonly statistics: CacheStatistics;
}

/** Texts that are encoded before they are written: what a killed run loses at most. */
const TEXTS_PER_WRITE = 16_384;

const CACHED_ENCODER_OPTIONS: OptionKeys<CachedEncoderOptions> = { path: true };

/**
 * Keeps an encoder's vectors in Arrow files, keyed by the encoder's identity and the SHA-256 of each text. Only texts that
 * no earlier call or run has brought reach the encoder. The vectors of the encoder in use are held in memory (4 d bytes a
 * text). Calls are served one after the other. `dispose` disposes the encoder too.
 *
 * `encode` rejects with EncoderCacheError: `ENCODER_CACHE_DAMAGED` names the file to delete, `ENCODER_CACHE_PATH` a path that
 * cannot be a folder; with EncoderError `ENCODER_RESULT` where the encoder gives values that are not finite, or too few.
 */
export function cachedEncoder(encoder: Encoder, parameters: CachedEncoderOptions): CachedEncoder {
  checkOptions('cachedEncoder', parameters, CACHED_ENCODER_OPTIONS);
  const { path } = parameters;
  const { name, dimension, normalized } = encoder;
  const identity = encoder.identity ?? name;
  const folder = cacheFolder(path, encoder);
  let opened: Promise<EmbeddingStore> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let truncatedTexts = 0;
  const statistics = { hits: 0, misses: 0 };

  async function open(): Promise<EmbeddingStore> {
    try {
      return await (opened ??= openEmbeddingStore(folder, dimension, identity));
    } catch (error) {
      opened = undefined; // so that the next call can find the damage mended
      throw error;
    }
  }

  async function encodeMissing(
    store: EmbeddingStore,
    texts: readonly string[],
    keys: readonly string[],
    onProgress: EncodeOptions['onProgress'],
  ) {
    for (let start = 0; start < texts.length; start += TEXTS_PER_WRITE) {
      const part = texts.slice(start, start + TEXTS_PER_WRITE);
      const truncated = new Uint8Array(part.length);
      const vectors = await encoder.encode(part, {
        onTruncated: (at) => (truncated[at] = 1),
        ...(onProgress === undefined ? {} : { onProgress: (done: number) => onProgress(start + done, texts.length) }),
      });
      checkVectors(part, vectors);
      await store.append({ keys: keys.slice(start, start + part.length), vectors, truncated });
    }
  }

  /** What is kept once is read for ever: an encoder that computes nonsense must not fill the cache. */
  function checkVectors(texts: readonly string[], vectors: Float32Array): void {
    const bad = vectors.findIndex((value) => !Number.isFinite(value));
    if (bad === -1 && vectors.length === texts.length * dimension) return;
    throw new EncoderError(
      'ENCODER_RESULT',
      bad === -1
        ? `the encoder gave ${vectors.length} values`
        : `the vector of ${JSON.stringify(texts[Math.floor(bad / dimension)])} holds ${vectors[bad]}`,
      {
        where: `encoder ${name}`,
        expected: `${dimension} finite values for each of ${texts.length} texts`,
        remedy: 'check the weights of its model, and its precision: float16 overflows where float32 does not',
      },
    );
  }

  async function encodeInTurn(texts: readonly string[], { onProgress, onTruncated }: EncodeOptions): Promise<Float32Array> {
    const store = await open();
    const { values, indices } = distinct(texts);
    const keys = values.map((text) => sha256(text));
    const missing = keys.flatMap((key, at) => (store.rowOf(key) === undefined ? at : []));
    statistics.hits += values.length - missing.length;
    statistics.misses += missing.length;
    const pick = (list: readonly string[]): string[] => missing.map((at) => list[at]!);
    await encodeMissing(store, pick(values), pick(keys), onProgress);
    const rows = keys.map((key) => store.rowOf(key)!);
    const vectors = new Float32Array(texts.length * dimension); // [n, d]
    indices.forEach((index, at) => {
      vectors.set(store.vector(rows[index]!), at * dimension);
      if (!store.isTruncated(rows[index]!)) return;
      truncatedTexts += 1;
      onTruncated?.(at);
    });
    return vectors;
  }

  return {
    name,
    identity,
    dimension,
    normalized,
    statistics,
    get truncated() {
      return truncatedTexts;
    },
    encode(texts, options = {}) {
      const turn = last.then(() => encodeInTurn(texts, options));
      last = turn.catch(() => undefined); // the next call has its turn whatever became of this one
      return turn;
    },
    dispose: async () => encoder.dispose?.(),
  };
}
