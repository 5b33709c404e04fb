import { loadAdapter } from '@expctr/llm-lora/adapters';

/** An adapter as it was published. */
export interface PublishedAdapter {
  /** Folder in PEFT's format, as this machine sees it. */
  readonly folder: string;
  /** A name that was never used before. */
  readonly version: string;
}

/** A largest |B| below this may change no log-probability of a server that computes in bfloat16. */
const FAINT = 1e-5;

/** Whether the adapter is so large that a server which answers with it cannot answer exactly as the base model does. */
export async function changesAnswers({ folder }: PublishedAdapter): Promise<boolean> {
  const { tensors } = await loadAdapter(folder);
  return [...tensors.values()].some(({ b }) => b.data.some((value) => Math.abs(value) >= FAINT));
}
