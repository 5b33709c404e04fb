import { createProgress, downloadProgress, type Progress } from '@expctr/app-kit';
import { hubEnvironment, type HubOptions } from '@expctr/hub';
import { loadCausalLM, type CausalLM, type LoadCausalLMOptions } from '@expctr/llm-lora';
import { useOnnx } from '@expctr/tfjs-backend-onnx';

/** How a model is loaded. */
export interface ModelFlags {
  readonly weights?: NonNullable<LoadCausalLMOptions['weights']>;
  readonly threads?: number;
  readonly adapter?: string;
}

/** A model that commands work with. */
export interface LoadedModel {
  readonly policy: CausalLM;
  /** Name of the adapter that was asked for; null = none. */
  readonly adapter: string | null;
  readonly progress: Progress;
}

/** Name of the adapter that a command is given by its folder. */
const GIVEN = 'adapter';

/** Where models come from, by the environment. */
export async function hubOptions(progress: Progress): Promise<HubOptions> {
  return { ...(await hubEnvironment(process.env)), onProgress: downloadProgress(progress) };
}

/** Loads a model, and the adapter of a folder. @param options what else of {@link LoadCausalLMOptions} is wanted */
export async function loadModel(
  model: string,
  { weights, threads, adapter }: ModelFlags,
  options: Pick<LoadCausalLMOptions, 'lora' | 'limits'> = {},
): Promise<LoadedModel> {
  const progress = createProgress();
  await useOnnx();
  const policy = await loadCausalLM(model, {
    ...options,
    hub: await hubOptions(progress),
    ...(weights === undefined ? {} : { weights }),
    ...(threads === undefined ? {} : { threads }),
  });
  if (adapter !== undefined) await policy.adapters.load(adapter, GIVEN);
  return { policy, adapter: adapter === undefined ? null : GIVEN, progress };
}
