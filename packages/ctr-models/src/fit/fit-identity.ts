import { createHash, type Hash } from 'node:crypto';
import { sha256, type Rng } from '@expctr/core';
import type { Backbone } from '../backbones/backbone.js';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import { isStream, type FeatureStream } from '../stream/feature-stream.js';
import type { ResolvedOptions } from './options.js';
import type { RowWeights } from './row-weights.js';

/** Everything that an epoch of a fit follows from, but the number of epochs asked for. */
export interface FitInputs {
  readonly backbone: Backbone;
  readonly options: ResolvedOptions;
  readonly train: Features | FeatureStream;
  readonly valid: Features | undefined;
  readonly weights: RowWeights;
  readonly rng: Rng;
}

/**
 * A digest of what a fit is of: two fits with the same go through the same epochs.
 * @param streamed the digest of `train` where it is a stream, which takes time to make
 * @throws CtrError `CTR_OPTION` for a stream without
 */
export function fitIdentity({ backbone, options, train, valid, weights, rng }: FitInputs, streamed?: string): string {
  const { epochs: _, ...fit } = options.fit;
  const says = {
    backbone: backbone.name,
    own: options.own,
    fit,
    rng: rng.path,
    train: streamed ?? (isStream(train) ? refuseStream() : digestOf(train)),
    valid: valid === undefined ? null : digestOf(valid),
    weights: weights === undefined ? null : sha256(bytesOf(weights)),
  };
  return sha256(JSON.stringify(says));
}

function refuseStream(): never {
  throw new CtrError('CTR_OPTION', 'the training rows are streamed', {
    expected: 'rows in memory, which a search goes through many times',
  });
}

const digests = new WeakMap<Features, string>();

/** A search fits on the same features again and again. */
function digestOf(features: Features): string {
  const known = digests.get(features);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  const { schema, columns, labels } = features;
  add(hash, { schema, columns, labels });
  const digest = hash.digest('hex');
  digests.set(features, digest);
  return digest;
}

/** Adds a tree of typed arrays and JSON values; names and lengths stand before what they are of, so that no two trees read alike. */
function add(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name}:${value.byteLength};`).update(bytesOf(value));
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value).filter(([, part]) => part !== undefined);
    hash.update(`object:${entries.length};`);
    for (const [name, part] of entries) {
      hash.update(`${JSON.stringify(name)}:`);
      add(hash, part);
    }
  } else {
    const json = JSON.stringify(value);
    hash.update(`json:${json.length};`).update(json);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
