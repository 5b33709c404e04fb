import { extname } from 'node:path';
import { print } from '@expctr/core';
import { loadAdapter, locateModel, saveGgufAdapter, saveMerged, type SaveMergedOptions } from '@expctr/llm-lora';
import { createProgress } from '@expctr/app-kit';
import { LmError } from '../errors.js';
import { hubOptions, loadModel, type ModelFlags } from '../load.js';

/** How a model is written. */
export interface SaveFlags extends Pick<ModelFlags, 'threads'> {
  readonly format?: 'safetensors' | 'gguf';
  readonly dtype?: string;
}

/** `expctr-lm merge`: a model with an adapter in its weights. */
export function mergeCommand(model: string, adapter: string, destination: string, flags: SaveFlags): Promise<void> {
  return save(model, adapter, destination, flags);
}

/** `expctr-lm convert`: a model in another form. */
export function convertCommand(model: string, destination: string, flags: SaveFlags): Promise<void> {
  return save(model, undefined, destination, flags);
}

/** `expctr-lm convert-adapter`: an adapter of PEFT's format as llama.cpp reads it. */
export async function convertAdapterCommand(adapter: string, destination: string, { model }: { readonly model: string }): Promise<void> {
  if (!destination.endsWith('.gguf')) {
    throw new LmError('LM_OPTION', 'the file does not end in .gguf', {
      where: destination,
      expected: 'a path such as adapter.gguf',
      wrongUse: true,
    });
  }
  const { path } = await locateModel(model, await hubOptions(createProgress()));
  await saveGgufAdapter(destination, await loadAdapter(adapter), { model: path });
  print(destination);
}

async function save(model: string, adapter: string | undefined, destination: string, { format, dtype, threads }: SaveFlags): Promise<void> {
  const chosen = format ?? (extname(destination) === '.gguf' ? 'gguf' : 'safetensors');
  const loaded = await loadModel(model, { ...(threads === undefined ? {} : { threads }), ...(adapter === undefined ? {} : { adapter }) });
  const { policy, progress } = loaded;
  try {
    let task: ReturnType<typeof progress.begin> | undefined;
    const options = {
      format: chosen,
      ...(dtype === undefined ? {} : { dtype }),
      onProgress(written: number, total: number) {
        task ??= progress.begin('writing', total, 'weights');
        task.update(written);
      },
    } as SaveMergedOptions;
    await saveMerged(policy, loaded.adapter, destination, options);
    task?.done();
    print(destination);
  } finally {
    await policy.dispose();
  }
}
