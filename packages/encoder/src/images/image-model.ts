import type { PreTrainedModel, Tensor } from '@huggingface/transformers';
import { EncoderError } from '../errors.js';
import { checkNames } from '../transformers/check-model-files.js';
import { floatValues } from '../transformers/float-values.js';
import { graphSettings, loadError, type GraphOptions } from '../transformers/graph.js';
import type { Library } from '../transformers/library.js';
import type { ModelFiles } from '../transformers/model-files.js';
import { readObject } from '../transformers/model-json.js';
import type { PreparedImage } from './preprocess.js';

/** Vectors of images, [images, width] row major. */
export interface ImageFeatures {
  readonly data: Float32Array;
  readonly width: number;
}

/** A loaded model of images. */
export interface ImageModel {
  /** Runs images of one size. */
  features(images: readonly PreparedImage[]): Promise<ImageFeatures>;
  dispose(): Promise<void>;
}

/** Kinds of models that are of images and texts, which transformers.js loads by another class. Source: transformers.js, `registry.js`. */
const OF_BOTH: ReadonlySet<unknown> = new Set(['clip', 'siglip', 'jina_clip']);

/** @throws EncoderError `ENCODER_LOAD` with the reason */
export async function openImageModel(files: ModelFiles, library: Library, options: GraphOptions): Promise<ImageModel> {
  let model: PreTrainedModel;
  try {
    await checkNames(files.read);
    const { model_type: type } = (await readObject(files.read, 'config.json')) ?? {};
    const loader = OF_BOTH.has(type) ? library.AutoModelForImageFeatureExtraction : library.AutoModel;
    model = await loader.from_pretrained(files.location, {
      ...graphSettings(files, options),
      model_file_name: files.graph,
    });
  } catch (cause) {
    throw loadError(files, cause);
  }
  return {
    features: async (images) =>
      featuresFrom((await model({ pixel_values: pixelValues(images, library.Tensor) })) as Outputs, images.length, files.location),
    dispose: async () => void (await model.dispose()),
  };
}

function pixelValues(images: readonly PreparedImage[], TensorClass: Library['Tensor']): Tensor {
  const { width, height } = images[0]!;
  const size = 3 * height * width;
  const data = new Float32Array(images.length * size); // [images, 3, height, width]
  images.forEach((image, at) => data.set(image.data, at * size));
  return new TensorClass('float32', data, [images.length, 3, height, width]);
}

type Outputs = Readonly<Record<string, Tensor | undefined>>;

/** What a model says of a whole image: CLIP's projection, else what it pools, else the state of its first token, which stands for all. */
function featuresFrom(outputs: Outputs, images: number, where: string): ImageFeatures {
  const whole = outputs['image_embeds'] ?? outputs['pooler_output'];
  const states = outputs['last_hidden_state'];
  const values = whole === undefined ? undefined : floatValues(whole);
  if (whole?.dims.length === 2 && values !== undefined) return { data: values, width: whole.dims[1]! };
  const all = states === undefined ? undefined : floatValues(states);
  if (states?.dims.length === 3 && all !== undefined) {
    const [, tokens, width] = states.dims as [number, number, number];
    const data = new Float32Array(images * width);
    for (let at = 0; at < images; at += 1) data.set(all.subarray(at * tokens * width, at * tokens * width + width), at * width);
    return { data, width };
  }
  throw new EncoderError('ENCODER_OUTPUT', `the model gives ${Object.keys(outputs).join(', ')}`, {
    where,
    expected: 'float32 or float16 vectors named image_embeds or pooler_output, or states named last_hidden_state',
    remedy: 'export the model for image feature extraction',
  });
}
