import { checkOptions, type OptionKeys } from '@expctr/core';
import { familiesWith } from '../../families/find.js';
import type { ModelFamily } from '../../families/family.js';
import { tensorsOfBlocks } from '../../families/layout.js';
import { loraScale, type Adapter } from '../adapter.js';
import { openModel } from '../checkpoint.js';
import { FormatError } from '../errors.js';
import { sameShape, type FloatTensor } from '../host-tensor.js';
import { checkAdapter } from '../peft/check.js';
import { modulePath } from '../peft/names.js';
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
 * lora_b (`llama_adapter_lora_init_impl` of src/llama-adapter.cpp reads it, `convert_lora_to_gguf.py` writes it).
 *
 * @throws FormatError `ADAPTER_UNKNOWN_MODULE`, `ADAPTER_WRONG_SHAPE` where it does not fit the model; `GGUF_FAMILY` for a model
 *   whose family llama.cpp's converter is not known for
 */
export async function saveGgufAdapter(path: string, adapter: Adapter, options: SaveGgufAdapterOptions): Promise<void> {
  checkOptions('saveGgufAdapter', options, OPTIONS);
  checkAdapter(adapter, path);
  const { family, config, source } = await openModel(options.model, familiesWith(options.families));
  await source.close();
  if (family.gguf === null) {
    throw new FormatError('GGUF_FAMILY', `models of the family ${family.name} have no GGUF form here`, {
      where: options.model,
      expected: 'a family with gguf conventions',
      remedy: "convert the adapter with llama.cpp's convert_lora_to_gguf.py",
    });
  }
  const layout = family.layout(config);
  const linear = new Map(tensorsOfBlocks(layout, layout.linears, config.layers).map((tensor) => [moduleOf(tensor.name), tensor]));
  const tensors = new Map<string, FloatTensor>();
  for (const [module, { a, b }] of adapter.tensors) {
    const target = linear.get(module);
    if (target === undefined) {
      throw new FormatError('ADAPTER_UNKNOWN_MODULE', `the model has no linear layer ${module}`, {
        where: path,
        expected: 'modules of this model, such as layers.0.self_attn.q_proj',
        remedy: `check that the adapter belongs to ${options.model}`,
      });
    }
    const shape = [b.shape[0] ?? 0, a.shape[1] ?? 0];
    if (!sameShape(shape, target.shape)) {
      throw new FormatError('ADAPTER_WRONG_SHAPE', `its factors make a matrix of shape [${shape.join(', ')}]`, {
        where: `${path}, module ${module}`,
        expected: `[${target.shape.join(', ')}], as in the model`,
        remedy: `check that the adapter belongs to ${options.model}`,
      });
    }
    tensors.set(`${target.gguf}.lora_a`, a);
    tensors.set(`${target.gguf}.lora_b`, target.ggufPermutedHeads === undefined ? b : permuteHeads(b, target.ggufPermutedHeads));
  }
  // llama.cpp scales by alpha / rank, rank-stabilized or not
  const alpha = loraScale(adapter.config) * adapter.config.rank;
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

const moduleOf = (name: string): string => modulePath(name.replace(/\.weight$/, ''));

/** llama.cpp's order of rows in queries and keys, the inverse of `unpermuteHeads`. @param tensor [heads * headDim, width] */
export function permuteHeads(tensor: FloatTensor, heads: number): FloatTensor {
  const [rows = 0, width = 0] = tensor.shape;
  const headDim = rows / heads;
  const data = new Float32Array(tensor.data.length);
  for (let row = 0; row < rows; row += 1) {
    const inHead = row % headDim;
    const source = row - inHead + (inHead % 2) * (headDim / 2) + (inHead >> 1);
    data.set(tensor.data.subarray(source * width, (source + 1) * width), row * width);
  }
  return { ...tensor, data };
}
