import { join } from '@expctr/core/platform';
import type { ModelFamily } from '../families/family.js';
import type { DecoderConfig } from '../model/config.js';
import { FormatError } from './errors.js';
import { fieldsOf } from './fields.js';
import { readJsonObject } from './json-file.js';

/** A configuration together with the family that it belongs to. */
export interface ModelDescription {
  /** The family. */
  readonly family: ModelFamily;
  /** The model's hyperparameters, of the family's own type. */
  readonly config: DecoderConfig;
}

/**
 * Reads config.json, and the end-of-sequence ids of generation_config.json where that file is there.
 * @returns null where the folder has no config.json.
 * @throws FormatError `CONFIG_UNSUPPORTED_ARCHITECTURE`, `CONFIG_QUANTIZED`, `CONFIG_BAD_FIELD`, `CONFIG_NOT_JSON`.
 */
export async function readConfig(folder: string, families: readonly ModelFamily[]): Promise<ModelDescription | null> {
  const path = join(folder, 'config.json');
  const json = await readJsonObject(path);
  if (json === null) return null;
  const family = findFamily(json, path, families);
  refuseQuantized(json, path);
  const fields = fieldsOf(json, path);
  const config = family.parseConfig(fields);
  const generationPath = join(folder, 'generation_config.json');
  const generation = await readJsonObject(generationPath);
  const ends = generation === null ? [] : fieldsOf(generation, generationPath).tokenIds('eos_token_id');
  return { family, config: ends.length === 0 ? config : { ...config, eosTokenIds: ends } };
}

/** GPTQ, AWQ, bitsandbytes, float8 and their kin: weights that only the libraries that wrote them can read. */
function refuseQuantized({ quantization_config: quantization = null }: Record<string, unknown>, path: string): void {
  if (quantization === null) return;
  const method = typeof quantization === 'object' ? (quantization as Record<string, unknown>)['quant_method'] : quantization;
  throw new FormatError('CONFIG_QUANTIZED', `the weights are quantized by ${JSON.stringify(method ?? 'a method without a name')}`, {
    where: `${path}, quantization_config`,
    expected: 'weights in float32, float16 or bfloat16, or a GGUF file in place of the folder',
    remedy: 'take the model that these weights were made of, or a GGUF file of it',
  });
}

function findFamily(json: Record<string, unknown>, path: string, families: readonly ModelFamily[]): ModelFamily {
  const classes: unknown[] = Array.isArray(json['architectures']) ? json['architectures'] : [];
  const type = json['model_type'];
  const found = families.find(({ name, className }) =>
    classes.length > 0 ? classes.includes(className) && (type ?? name) === name : type === name,
  );
  if (found !== undefined) return found;
  throw new FormatError(
    'CONFIG_UNSUPPORTED_ARCHITECTURE',
    `the architecture ${JSON.stringify(classes[0] ?? type ?? null)} is not supported`,
    {
      where: path,
      expected: `one of ${families.map(({ name, className }) => `${className} (model_type ${name})`).join(', ')}`,
      remedy: 'choose a model of one of these families, or give a family of your own: { families: [mine] }',
    },
  );
}
