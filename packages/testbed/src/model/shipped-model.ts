import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '@expctr/core';
import { TestbedError } from '../errors.js';

/** Names every file of the model with its size and hash. */
export const MANIFEST = 'manifest.json';

/** The content of manifest.json. */
export interface ModelManifest {
  /** By file name. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Where the package keeps its model. */
const SHIPPED = fileURLToPath(new URL('../../model/', import.meta.url));

/**
 * The folder of the small language model that comes with this package, in Hugging Face form, after a look at every file of it.
 * @param folder default: the package's own
 * @throws TestbedError `TESTBED_MODEL_MISSING` or `TESTBED_MODEL_DAMAGED`, which name the package and how to repair it
 */
export async function testbedModel(folder = SHIPPED): Promise<string> {
  const { files } = readManifest(await contentOf(folder, MANIFEST), folder);
  for (const [name, { bytes, sha256: wanted }] of Object.entries(files)) {
    const content = await contentOf(folder, name);
    if (content.length === bytes && sha256(content) === wanted) continue;
    throw failure('TESTBED_MODEL_DAMAGED', `the file is not the one that was published (${content.length} bytes)`, join(folder, name), {
      expected: `${bytes} bytes with the hash in ${MANIFEST}`,
    });
  }
  return folder;
}

async function contentOf(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    throw failure('TESTBED_MODEL_MISSING', `a file of the testbed's language model cannot be read`, join(folder, name), { cause });
  }
}

function readManifest(content: Buffer, folder: string): ModelManifest {
  try {
    const manifest = JSON.parse(content.toString()) as Partial<ModelManifest>;
    if (typeof manifest.files === 'object' && 'model.safetensors' in manifest.files) return manifest as ModelManifest;
  } catch {
    // what is no JSON is as damaged as what names no files
  }
  throw failure('TESTBED_MODEL_DAMAGED', 'the list of files is no list of files', join(folder, MANIFEST), {});
}

function failure(code: string, what: string, where: string, details: { expected?: string; cause?: unknown }): TestbedError {
  return new TestbedError(code, `@expctr/testbed: ${what}`, {
    where,
    remedy: 'install the package again (npm install @expctr/testbed), or make the model anew with npm run pretrain',
    ...details,
  });
}
