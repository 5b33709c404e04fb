import { checkOptions, type OptionKeys } from '@expctr/core';
import { familiesWith } from '../../families/find.js';
import type { ModelFamily } from '../../families/family.js';
import { adaptedTensors } from '../../merge/adapted-tensors.js';
import type { Adapter } from '../adapter.js';
import { openModel } from '../checkpoint.js';
import { FormatError } from '../errors.js';
import type { FloatTensor } from '../host-tensor.js';
import { writeGguf } from './write.js';

/** Options of {@link saveGgufAdapter}. */
export interface SaveGgufAdapterOptions {
  /** The base model: a folder or a `.gguf` file. Only its header is read. */
  readonly model: string;
  /** Model families beside the built-in ones. */
  readonly families?: readonly ModelFamily[];
}

const OPTIONS: OptionKeys<SaveGgufAdapterOptions> = { model: true, families: true };

/**
 * Saves a LoRA adapter as llama.cpp reads it (`llama-server --lora`): a GGUF file of general.type `adapter`, float32, with the
 * factors NAME.lora_a and NAME.lora_b of each matrix NAME of the model. What llama.cpp permutes in queries and keys is permuted in
 * lora_b (`llama_adapter_lora_init_impl` of src/llama-adapter.cpp reads it, `convert_lora_to_gguf.py` writes it). llama.cpp scales by one
 * alpha over the rank of each matrix; where an adapter has several scales, lora_b carries what is left of them.
 *
 * @throws FormatError `ADAPTER_UNKNOWN_MODULE`, `ADAPTER_WRONG_SHAPE` where it does not fit the model; `GGUF_FAMILY` for a model
 *   whose family llama.cpp's converter is not known for; `ADAPTER_UNSUPPORTED` for magnitudes, which llama.cpp has no place for
 */
export async function saveGgufAdapter(path: string, adapter: Adapter, options: SaveGgufAdapterOptions): Promise<void> {
  checkOptions('saveGgufAdapter', options, OPTIONS);
  const { family, config, source } = await openModel(options.model, familiesWith(options.families));
  await source.close();
  if (family.gguf === null) {
    throw new FormatError('GGUF_FAMILY', `models of the family ${family.name} have no GGUF form here`, {
      where: options.model,
      expected: 'a family with gguf conventions',
      remedy: "convert the adapter with llama.cpp's convert_lora_to_gguf.py",
    });
  }
  if (adapter.config.weightDecomposed === true) {
    throw new FormatError('ADAPTER_UNSUPPORTED', 'it has use_dora, and llama.cpp knows no magnitudes', {
      where: path,
      expected: 'an adapter of plain factors',
      remedy: 'save the merged model: saveMerged(policy, name, path, { format: "gguf" })',
    });
  }
  const adapted = [...adaptedTensors(adapter, { family, config }, options.model, path).values()];
  const { scale, factors } = adapted[0]!; // checkAdapter has seen that there is one
  const alpha = scale * factors.a.shape[0]!; // llama.cpp scales by alpha / rank, rank-stabilized or not
  const tensors = new Map<string, FloatTensor>();
  for (const { tensor, factors: own, scale: ownScale } of adapted) {
    const [rank = 1] = own.a.shape;
    const b = scaled(own.b, (ownScale * rank) / alpha);
    tensors.set(`${tensor.gguf}.lora_a`, own.a);
    tensors.set(`${tensor.gguf}.lora_b`, tensor.ggufPermutedHeads === undefined ? b : permuteHeads(b, tensor.ggufPermutedHeads));
  }
  await writeGguf(
    path,
    {
      'general.architecture': family.gguf.architecture,
      'general.type': 'adapter',
      'adapter.type': 'lora',
      'adapter.lora.alpha': { float32: alpha },
    },
    tensors,
  );
}

function scaled(tensor: FloatTensor, factor: number): FloatTensor {
  return factor === 1 ? tensor : { ...tensor, data: tensor.data.map((value) => value * factor) };
}

/** llama.cpp's order of rows in queries and keys, the inverse of `unpermuteHeads`. @param tensor [heads * headDim, width], or a bias, [heads * headDim] */
export function permuteHeads(tensor: FloatTensor, heads: number): FloatTensor {
  const [rows = 0, width = 1] = tensor.shape;
  const headDim = rows / heads;
  const data = new Float32Array(tensor.data.length);
  for (let row = 0; row < rows; row += 1) {
    const inHead = row % headDim;
    const source = row - inHead + (inHead % 2) * (headDim / 2) + (inHead >> 1);
    data.set(tensor.data.subarray(source * width, (source + 1) * width), row * width);
  }
  return { ...tensor, data };
}
