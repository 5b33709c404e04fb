import { writeFileAtomic } from '@expctr/core';
import { join, mkdir, readFile, rm } from '@expctr/core/platform';
import type { Adapter, LoraConfig } from '../adapter.js';
import { FormatError } from '../errors.js';
import type { FloatTensor } from '../host-tensor.js';
import { writeSafetensors } from '../safetensors/write.js';
import { checkAdapter } from './check.js';
import { peftConfigText } from './config.js';
import { factorName } from './names.js';

/**
 * Saves a LoRA adapter as PEFT 0.21 does: adapter_config.json and adapter_model.safetensors, float32.
 *
 * Each file appears whole or not at all. Over an adapter of another configuration the old adapter_config.json goes first and
 * the new one comes last, so that an interruption leaves a folder that is refused as incomplete, never a wrong pair.
 *
 * @throws FormatError where the tensors do not fit the configuration.
 */
export async function saveAdapter(folder: string, adapter: Adapter): Promise<void> {
  checkAdapter(adapter, folder);
  const configPath = join(folder, 'adapter_config.json');
  const text = configText(adapter.config, folder);
  const made = await mkdir(folder, { recursive: true });
  try {
    const same = (await readFile(configPath, 'utf8').catch(() => null)) === text;
    if (!same) await rm(configPath, { force: true });
    await writeSafetensors(join(folder, 'adapter_model.safetensors'), namedTensors(adapter), { metadata: { format: 'pt' } });
    if (!same) await writeFileAtomic(configPath, text);
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  }
}

function namedTensors({ tensors }: Adapter): Map<string, FloatTensor> {
  return new Map(
    [...tensors].flatMap(([module, { a, b, magnitude }]) => [
      [factorName({ module, factor: 'a' }), a] as const,
      [factorName({ module, factor: 'b' }), b] as const,
      ...(magnitude === undefined ? [] : [[factorName({ module, factor: 'magnitude' }), magnitude] as const]),
    ]),
  );
}

/** @throws FormatError `ADAPTER_PATTERN` */
function configText(config: LoraConfig, where: string): string {
  try {
    return peftConfigText(config);
  } catch (cause) {
    throw new FormatError('ADAPTER_PATTERN', `its configuration cannot be written: ${(cause as Error).message}`, {
      where,
      expected: 'regular expressions that are the same in Python and JavaScript',
      remedy: 'list the modules by name',
      cause,
    });
  }
}
