import type { Rng } from '@expctr/core';

/** Named adapters of one base model; `Adapter` is whatever the model stores. */
export interface AdapterStore<Adapter = unknown> {
  /** The name of the adapter that `generate` uses by default and that a step trains; empty while there is none. */
  readonly active: string;
  /** All adapters, in order of creation. */
  names(): string[];
  /** A fresh adapter that changes nothing yet (LoRA: B = 0). */
  create(name: string, rng: Rng): void;
  /** An independent copy; replaces `to` where it exists. */
  copy(from: string, to: string): void;
  /** Makes an adapter the active one. */
  activate(name: string): void;
  /** Forgets an adapter. */
  delete(name: string): void;
  /** Writes an adapter to a folder, in PEFT's format. */
  save(name: string, folder: string): Promise<void>;
  /** Reads an adapter from a folder under a name. */
  load(folder: string, name: string): Promise<void>;
  /** The adapter's tensors. */
  get(name: string): Adapter;
  /** Puts an adapter under a name, in place of one of that name. */
  set(name: string, adapter: Adapter): void;
}
