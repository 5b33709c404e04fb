import type { PreTrainedModel, PreTrainedTokenizer, Tensor } from '@huggingface/transformers';
import { EncoderError } from '../errors.js';
import { checkModelFiles } from './check-model-files.js';
import { floatValues } from './float-values.js';
import { graphSettings, loadError } from './graph.js';
import { loadLibrary, type Library } from './library.js';
import type { EncoderDType, ModelFiles } from './model-files.js';
import type { TransformersEncoderOptions } from './options.js';

/** States of the last layer, [texts, tokens, width] row major. */
export interface LastStates {
  readonly data: Float32Array;
  readonly width: number;
}

/** A loaded feature-extraction model. */
export interface OpenModel {
  readonly tokenizer: PreTrainedTokenizer;
  /** Tokens that the tokenizer and the position embeddings allow in one text. */
  readonly longest: number;
  /** Runs texts given as token ids, padded on the right to the longest of them. */
  states(texts: readonly (readonly number[])[]): Promise<LastStates>;
  dispose(): Promise<void>;
}

/** @throws EncoderError `ENCODER_LOAD` with the reason, among them files that say what cannot be. */
export async function openModel(
  files: ModelFiles,
  dtype: EncoderDType,
  { threads, device }: TransformersEncoderOptions,
): Promise<OpenModel> {
  const transformers = await loadLibrary();
  let tokenizer: PreTrainedTokenizer;
  let model: PreTrainedModel;
  try {
    await checkModelFiles(files.read);
    tokenizer = await transformers.AutoTokenizer.from_pretrained(files.location, { local_files_only: true });
    model = await transformers.AutoModel.from_pretrained(files.location, graphSettings(files, { dtype, threads, device }));
  } catch (cause) {
    throw loadError(files, cause);
  }
  const padding = (tokenizer.pad_token_id as number | undefined) ?? 0;
  const positions = (model.config as { max_position_embeddings?: unknown }).max_position_embeddings;
  return {
    tokenizer,
    longest: Math.min(tokenizer.model_max_length as number, typeof positions === 'number' ? positions : Infinity),
    states: async (texts) => statesFrom((await model(inputsOf(texts, padding, transformers.Tensor))) as Outputs, files.location),
    dispose: async () => void (await model.dispose()),
  };
}

type TensorClass = Library['Tensor'];

function inputsOf(texts: readonly (readonly number[])[], padding: number, Tensor: TensorClass): Record<string, Tensor> {
  const tokens = texts.reduce((longest, ids) => Math.max(longest, ids.length), 0);
  const ids = new BigInt64Array(texts.length * tokens).fill(BigInt(padding)); // [texts, tokens]
  const mask = new BigInt64Array(texts.length * tokens); // [texts, tokens], 1 on a text's own tokens
  texts.forEach((row, at) => {
    row.forEach((id, k) => (ids[at * tokens + k] = BigInt(id)));
    mask.fill(1n, at * tokens, at * tokens + row.length);
  });
  const shape = [texts.length, tokens];
  return {
    input_ids: new Tensor('int64', ids, shape),
    attention_mask: new Tensor('int64', mask, shape),
    token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
  };
}

type Outputs = Readonly<Record<string, Tensor | undefined>>;

function statesFrom(outputs: Outputs, where: string): LastStates {
  const states = outputs['last_hidden_state'] ?? outputs['token_embeddings'] ?? outputs['logits'];
  const data = states?.dims.length === 3 ? floatValues(states) : undefined;
  if (data !== undefined) return { data, width: states!.dims[2]! };
  throw new EncoderError('ENCODER_OUTPUT', `the model gives ${Object.keys(outputs).join(', ')}`, {
    where,
    expected: 'float32 or float16 states of every token, named last_hidden_state',
    remedy: 'export the model for feature extraction',
  });
}
