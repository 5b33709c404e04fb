import { join, stat } from '@expctr/core/platform';
import type { Adapter, LoraFactors } from '../adapter.js';
import { FormatError } from '../errors.js';
import type { FloatTensor } from '../host-tensor.js';
import { readJsonObject } from '../json-file.js';
import { openSafetensors } from '../safetensors/read.js';
import { checkAdapter } from './check.js';
import { parsePeftConfig } from './config.js';
import { parseFactorName, type FactorKey } from './names.js';

/**
 * Loads a LoRA adapter in PEFT's format: a folder with adapter_config.json and adapter_model.safetensors (F32, F16 or BF16).
 * @throws FormatError where a file is missing or damaged, where the two do not fit, and for variants of LoRA that are not supported.
 */
export async function loadAdapter(folder: string): Promise<Adapter> {
  const configPath = join(folder, 'adapter_config.json');
  const json = await readJsonObject(configPath);
  const tensorPath = join(folder, 'adapter_model.safetensors');
  if (json === null || (await stat(tensorPath).catch(() => null)) === null) throw missingFile(json === null ? configPath : tensorPath);
  const tensors = await readFactors(tensorPath);
  const modules = [...new Set([...tensors.keys()].map((module) => module.split('.').at(-1) ?? module))].sort();
  const adapter = { config: parsePeftConfig(json, configPath, modules), tensors };
  checkAdapter(adapter, folder);
  return adapter;
}

function missingFile(path: string): FormatError {
  return new FormatError('ADAPTER_NOT_FOUND', 'the file is missing', {
    where: path,
    expected: 'a folder with adapter_config.json and adapter_model.safetensors, as PEFT saves it',
    remedy: 'check the path; an adapter_model.bin is converted by loading it with PEFT and save_pretrained(folder)',
  });
}

async function readFactors(path: string): Promise<Map<string, LoraFactors>> {
  const file = await openSafetensors(path);
  try {
    const parts = new Map<string, Partial<Record<FactorKey, FloatTensor>>>();
    for (const name of file.entries.keys()) {
      const parsed = parseFactorName(name);
      if (parsed === null) {
        throw new FormatError('ADAPTER_UNSUPPORTED', `the tensor ${name} is not a LoRA factor`, {
          where: path,
          expected: 'names that end in .lora_A.weight, .lora_B.weight or .lora_magnitude_vector',
          remedy: 'train the adapter on linear layers only, without biases, embeddings or modules_to_save',
        });
      }
      const { module, factor } = parsed;
      parts.set(module, { ...parts.get(module), [factor]: await file.readFloat(name) });
    }
    return new Map([...parts].map(([module, factors]) => [module, whole(module, factors, path)]));
  } finally {
    await file.close();
  }
}

function whole(module: string, { a, b, magnitude }: Partial<Record<FactorKey, FloatTensor>>, path: string): LoraFactors {
  if (a !== undefined && b !== undefined) return { a, b, ...(magnitude === undefined ? {} : { magnitude }) };
  throw new FormatError('ADAPTER_MISSING_TENSOR', `the module ${module} lacks lora_${a === undefined ? 'A' : 'B'}`, {
    where: path,
    expected: 'both factors of each module',
    remedy: 'save the adapter again',
  });
}
