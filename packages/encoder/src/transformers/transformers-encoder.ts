import { checkOptions as checkOptionNames, type OptionKeys } from '@expctr/core';
import { distinct, spreadRows } from '../distinct.js';
import type { Encoder } from '../encoder.js';
import { EncoderError } from '../errors.js';
import { normalizeInPlace } from '../normalize.js';
import { batchesByLength } from './batches.js';
import { locateModel, type EncoderDType, type ModelFiles } from './model-files.js';
import { lowered, readInputSettings } from './input-settings.js';
import { TEXT_MODEL } from './model-kind.js';
import { openModel, type OpenModel } from './model.js';
import { checkOptions, limitTokens, planPooling, type PoolingPlan, type TransformersEncoderOptions } from './options.js';
import { poolings } from './pooling.js';
import { transformerFolder } from './sentence-transformers-files.js';
import { createTokenize, frameOf } from './tokenization.js';

/**
 * Precisions whose graphs scale activations by the range of the whole batch: their texts go in one at a time, so that a
 * vector depends on its text alone.
 */
const SCALED_BY_BATCH: ReadonlySet<EncoderDType> = new Set(['q8', 'int8', 'uint8']);

const CREATE_TRANSFORMERS_ENCODER_OPTIONS: OptionKeys<TransformersEncoderOptions> = {
  pooling: true,
  normalize: true,
  maxTokens: true,
  prefix: true,
  promptName: true,
  dtype: true,
  threads: true,
  batchTokens: true,
  device: true,
  hub: true,
};

/**
 * Any feature-extraction model that @huggingface/transformers can run, from a local folder (without touching the network) or
 * from the hub: from its cache, or fetched into it.
 *
 * @param idOrFolder a folder with config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx, or a hub id, `owner/name` or
 *   `owner/name@revision`
 * @throws EncoderOptionError `ENCODER_POOLING_REQUIRED`, `ENCODER_OPTION`
 * @throws EncoderError `ENCODER_NOT_FOUND`, `ENCODER_FILE_MISSING`, `ENCODER_DAMAGED_FILE`, `ENCODER_UNSUPPORTED_MODULE`,
 *   `ENCODER_TOKENIZER`, `ENCODER_LOAD`, `ENCODER_OUTPUT`
 * @throws HubError where a model of the hub cannot be had
 */
export async function createTransformersEncoder(idOrFolder: string, options: TransformersEncoderOptions = {}): Promise<Encoder> {
  checkOptionNames('createTransformersEncoder', options, CREATE_TRANSFORMERS_ENCODER_OPTIONS);
  checkOptions(options);
  const { dtype = 'fp32', hub } = options;
  const files = await locateModel(idOrFolder, { kind: TEXT_MODEL, dtype, hub });
  const plan = await planPooling(files.name, files.read, options);
  const model = await openModel(files, dtype, options);
  try {
    return await encoderOver(model, files, plan, options);
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

async function encoderOver(model: OpenModel, files: ModelFiles, plan: PoolingPlan, options: TransformersEncoderOptions): Promise<Encoder> {
  const { dtype = 'fp32', batchTokens = 1024 } = options;
  const { prefix: asked, promptName } = options;
  const { prefix, lowercase, ...limit } = await readInputSettings(files.read, await transformerFolder(files.read), {
    prefix: asked,
    promptName,
  });
  const frame = frameOf(model.tokenizer);
  const maxTokens = limitTokens(options.maxTokens, limit.maxTokens, frame.before.length + frame.after.length, model.longest);
  const tokenizeAsIs = createTokenize(model.tokenizer, frame, maxTokens);
  const tokenize = lowercase ? (text: string) => tokenizeAsIs(lowered(text)) : tokenizeAsIs;
  // What stands before the text, the closing token of the prompt alone left out. Source: sentence-transformers, `_get_prompt_length`.
  const skipped = plan.includePrompt || prefix === '' ? 0 : tokenize(prefix).ids.length - Math.min(1, frame.after.length);
  const { width } = await model.states([tokenize('a').ids]);
  const dimension = width * plan.pooling.length;
  let truncatedTexts = 0;
  let disposed = false;

  /** One row for each distinct text, and which of the texts were cut. */
  async function encodeDistinct(texts: readonly string[], onProgress: ((done: number, total: number) => void) | undefined) {
    const tokenized = texts.map((text) => tokenize(prefix + text));
    const vectors = new Float32Array(texts.length * dimension); // [texts, d]
    const lengths = tokenized.map(({ ids }) => ids.length);
    let done = 0;
    for (const batch of batchesByLength(lengths, SCALED_BY_BATCH.has(dtype) ? 0 : batchTokens)) {
      const tokens = lengths[batch[0]!]!; // the longest stands first
      if (tokens > 0) {
        // a text without any token of its own keeps the zero vector
        const { data } = await model.states(batch.map((at) => tokenized[at]!.ids));
        batch.forEach((at, row) => {
          if (lengths[at]! <= skipped) return;
          const states = { data, start: row * tokens * width, tokens: lengths[at]!, skipped, width };
          plan.pooling.forEach((mode, part) => poolings[mode](states, vectors, at * dimension + part * width));
          if (plan.normalize) normalizeInPlace(vectors, at * dimension, dimension);
        });
      }
      done += batch.length;
      onProgress?.(done, texts.length);
    }
    return { vectors, truncated: tokenized.map(({ truncated }) => truncated) };
  }

  const settings = {
    dtype,
    pooling: plan.pooling.join('+'),
    normalize: plan.normalize,
    maxTokens,
    prefix,
    ...(lowercase ? { lowercase } : {}),
    ...(plan.includePrompt ? {} : { includePrompt: false }),
    files: await files.fingerprint(),
  };
  return {
    name: files.name,
    identity: `${files.name} ${JSON.stringify(settings)}`,
    dimension,
    normalized: plan.normalize,
    get truncated() {
      return truncatedTexts;
    },
    async encode(texts, { onProgress, onTruncated } = {}) {
      if (disposed)
        throw new EncoderError('ENCODER_DISPOSED', 'the encoder was disposed', { where: files.name, remedy: 'create it again' });
      const { values, indices } = distinct(texts);
      const { vectors, truncated } = await encodeDistinct(values, onProgress);
      indices.forEach((index, at) => {
        if (!truncated[index]) return;
        truncatedTexts += 1;
        onTruncated?.(at);
      });
      return values.length === texts.length ? vectors : spreadRows(vectors, indices, dimension);
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await model.dispose();
    },
  };
}
