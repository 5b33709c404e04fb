import { atMost } from '@expctr/core';
import { z } from 'zod';
import { wrongSpec, type EncoderPart } from '../encoder-part.js';
import { ENCODER_DTYPES, locateModel } from './model-files.js';
import { TEXT_MODEL } from './model-kind.js';
import { poolings, type PoolingMode } from './pooling.js';
import { createTransformersEncoder } from './transformers-encoder.js';

const options = z.object({
  pooling: z
    .enum(Object.keys(poolings) as PoolingMode[])
    .nullable()
    .default(null)
    .describe("how token states become one vector; null = from the model's own files or its family"),
  maxTokens: z
    .int()
    .min(1)
    .max(1_048_576, atMost(1_048_576, 'no model has a longer context'))
    .nullable()
    .default(null)
    .describe("longer texts are cut and counted, in tokens; null = 256, or less where the model's own files say less"),
  prefix: z.string().nullable().default(null).describe('put before every text, such as "query: " for E5; null = the prompt of promptName'),
  promptName: z
    .string()
    .nullable()
    .default(null)
    .describe("name of a prompt in the model's own files to put before every text; null = their default prompt, if any"),
  dtype: z
    .enum(ENCODER_DTYPES)
    .default('fp32')
    .describe("numeric form of the model's weights, of which its files must hold a graph: q8 is faster and less exact"),
});

/** Any feature-extraction model as a part of a run. */
export const transformersPart: EncoderPart<z.output<typeof options>> = {
  name: 'transformers',
  description: 'a folder or hub id of a sentence encoder in ONNX form; the word may be left out',
  options,
  load(argument, { pooling, maxTokens, prefix, promptName, dtype }, { hub, threads }) {
    if (argument === undefined) throw wrongSpec('transformers', 'transformers:FOLDER_OR_HUB_ID');
    return createTransformersEncoder(argument, {
      dtype,
      ...(hub === undefined ? {} : { hub }),
      ...(threads === undefined ? {} : { threads }),
      ...(pooling === null ? {} : { pooling }),
      ...(maxTokens === null ? {} : { maxTokens }),
      ...(prefix === null ? {} : { prefix }),
      ...(promptName === null ? {} : { promptName }),
    });
  },
  async pin(argument, { dtype }, { hub }) {
    if (argument === undefined) return undefined;
    return (await locateModel(argument, { kind: TEXT_MODEL, dtype, hub })).exactName;
  },
};
