import { join } from 'node:path';
import type { Architecture } from './architectures/architecture.js';
import { tokenIds } from './architectures/llama.js';
import { ARCHITECTURES } from './architectures/table.js';
import { FormatError } from './errors.js';
import { fieldsOf } from './fields.js';
import { readJsonObject } from './json-file.js';
import type { LlamaConfig } from './llama-config.js';

/** A configuration together with the family that it belongs to. */
export interface ModelDescription {
  /** The family. */
  readonly architecture: Architecture;
  /** Its hyperparameters. */
  readonly config: LlamaConfig;
}

/**
 * Reads config.json, and the end-of-sequence ids of generation_config.json where that file is there.
 * @returns null where the folder has no config.json.
 * @throws FormatError `CONFIG_UNSUPPORTED_ARCHITECTURE`, `CONFIG_BAD_FIELD`, `CONFIG_NOT_JSON`.
 */
export async function readConfig(folder: string): Promise<ModelDescription | null> {
  const path = join(folder, 'config.json');
  const json = await readJsonObject(path);
  if (json === null) return null;
  const fields = fieldsOf(json, path);
  const architecture = findArchitecture(json, path);
  const config = architecture.parseConfig(fields);
  const generationPath = join(folder, 'generation_config.json');
  const generation = await readJsonObject(generationPath);
  const ends = generation === null ? [] : tokenIds(fieldsOf(generation, generationPath), 'eos_token_id');
  return { architecture, config: ends.length === 0 ? config : { ...config, eosTokenIds: ends } };
}

function findArchitecture(json: Record<string, unknown>, path: string): Architecture {
  const classes: unknown[] = Array.isArray(json['architectures']) ? json['architectures'] : [];
  const type = json['model_type'];
  const found = ARCHITECTURES.find(({ modelType, className }) =>
    classes.length > 0 ? classes.includes(className) && (type ?? modelType) === modelType : type === modelType,
  );
  if (found !== undefined) return found;
  throw new FormatError(
    'CONFIG_UNSUPPORTED_ARCHITECTURE',
    `the architecture ${JSON.stringify(classes[0] ?? type ?? null)} is not supported`,
    {
      where: path,
      expected: `one of ${ARCHITECTURES.map(({ className, modelType }) => `${className} (model_type ${modelType})`).join(', ')}`,
      remedy: 'choose a model of a supported architecture',
    },
  );
}
