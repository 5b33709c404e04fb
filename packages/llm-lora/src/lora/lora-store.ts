import type { Rng } from '@expctr/core';
import type { AdapterStore } from '@expctr/language-model/training';
import { loraScale, type Adapter, type LoraConfig } from '../formats/adapter.js';
import { strangeValue, type FloatTensor } from '../formats/host-tensor.js';
import { loadAdapter } from '../formats/peft/load.js';
import { saveAdapter } from '../formats/peft/save.js';
import { PolicyError } from '../policy/errors.js';
import { checkTargets, initializeLora, zeroLora } from './initialize.js';
import { adapterOf, loraTree, type LoraSites, type LoraTree } from './lora-tree.js';

/** An adapter in the form that compiled functions take. */
export interface HostLora {
  readonly tree: LoraTree<FloatTensor>;
  readonly scale: number;
  /** Equal for adapters that the same compiled functions serve. */
  readonly structure: string;
}

/** Named LoRA adapters of one base model. Their tensors are never changed in place: an update stores new ones. */
export class LoraStore implements AdapterStore<Adapter> {
  /**
   * The layers that adapters can be on.
   * @internal
   */
  readonly sites: LoraSites;
  readonly #lora: LoraConfig;
  readonly #adapters = new Map<string, { adapter: Adapter; host: HostLora }>();
  readonly #zeros = new Map<string, HostLora>();
  #active = '';

  /**
   * @param sites the layers that adapters can be on
   * @param lora what {@link create} makes
   * @internal
   */
  constructor(sites: LoraSites, lora: LoraConfig) {
    this.sites = sites;
    this.#lora = lora;
    checkTargets(lora, sites);
  }

  /** The adapter that `generate` uses by default and that a step trains; empty while there is none. */
  get active(): string {
    return this.#active;
  }

  /** Names in order of creation. */
  names(): string[] {
    return [...this.#adapters.keys()];
  }

  /** A fresh adapter (B = 0), active where it is the first. */
  create(name: string, rng: Rng): void {
    this.set(name, adapterOf(this.#lora, initializeLora(this.#lora, this.sites, rng), this.sites));
  }

  /** An independent copy; replaces `to` where it exists. */
  copy(from: string, to: string): void {
    this.set(to, this.get(from));
  }

  /** Makes an adapter the active one. @throws {@link PolicyError} when there is none of this name */
  activate(name: string): void {
    this.get(name);
    this.#active = name;
  }

  /** Removes an adapter; deleting the active one leaves the base model active. */
  delete(name: string): void {
    this.get(name);
    this.#adapters.delete(name);
    if (this.#active === name) this.#active = '';
  }

  /** Writes an adapter in PEFT's format. */
  async save(name: string, folder: string): Promise<void> {
    await saveAdapter(folder, this.get(name));
  }

  /** Reads an adapter in PEFT's format. @throws {@link PolicyError} when it does not fit this model */
  async load(folder: string, name: string): Promise<void> {
    this.set(name, await loadAdapter(folder));
  }

  /** @throws {@link PolicyError} when there is none of this name */
  get(name: string): Adapter {
    return this.#entry(name).adapter;
  }

  /** Stores an adapter, active where it is the first. @throws {@link PolicyError} when a factor does not fit this model, or is not finite */
  set(name: string, adapter: Adapter): void {
    const tree = loraTree(adapter, this.sites);
    this.#check(name, adapter, tree);
    const scale = loraScale(adapter.config);
    const structure = `${scale}:${tree.map((layer) => Object.entries(layer).map(([module, { a }]) => `${module}${a.shape[0]}`)).join(';')}`;
    this.#adapters.set(name, { adapter, host: { tree, scale, structure } });
    if (this.#active === '') this.#active = name;
  }

  /**
   * The adapter for a compiled function. @throws {@link PolicyError} when there is none of this name
   * @internal
   */
  host(name: string): HostLora {
    return this.#entry(name).host;
  }

  /**
   * The base model in the graphs of the active adapter (B = 0 changes no bit), or null where no adapter is active.
   * @internal
   */
  baseHost(): HostLora | null {
    if (this.#active === '') return null;
    const active = this.host(this.#active);
    let zero = this.#zeros.get(active.structure);
    if (zero === undefined) {
      zero = { ...active, tree: zeroLora(active.tree) };
      this.#zeros.set(active.structure, zero);
    }
    return zero;
  }

  #entry(name: string): { adapter: Adapter; host: HostLora } {
    const entry = this.#adapters.get(name);
    if (entry !== undefined) return entry;
    throw new PolicyError('ADAPTER_UNKNOWN', `there is no adapter ${JSON.stringify(name)}`, {
      where: 'adapters',
      expected: this.#adapters.size === 0 ? 'one that was created or loaded before' : `one of ${this.names().join(', ')}`,
      remedy: 'create, load or copy it first; null stands for the base model',
    });
  }

  #check(name: string, { tensors, config: { rank } }: Adapter, tree: LoraTree<FloatTensor>): void {
    const { layers, linears, path: pathOf } = this.sites;
    const known = new Set<string>();
    tree.forEach((layer, index) => {
      for (const linear of linears) {
        const pair = layer[linear.key];
        if (pair === undefined) continue;
        const path = pathOf(index, linear);
        known.add(path);
        const { a, b } = pair;
        const right = a.shape[0] === rank && a.shape[1] === linear.in && b.shape[0] === linear.out && b.shape[1] === rank;
        const strange = right ? (strangeValue(a) ?? strangeValue(b)) : null;
        if (strange !== null) throw notFinite(name, path, strange);
        if (right) continue;
        throw new PolicyError('ADAPTER_SHAPE', `${path} has A [${a.shape.join(', ')}] and B [${b.shape.join(', ')}]`, {
          where: `adapter ${name}`,
          expected: `A [${rank}, ${linear.in}] and B [${linear.out}, ${rank}]`,
          remedy: 'use an adapter that was made for this model',
        });
      }
    });
    const strange = [...tensors.keys()].find((path) => !known.has(path));
    if (strange === undefined && known.size > 0) return;
    throw new PolicyError('ADAPTER_SHAPE', strange === undefined ? 'it adapts nothing' : `this model has no layer ${strange}`, {
      where: `adapter ${name}`,
      expected: `layers among ${linears.map((linear) => pathOf(0, linear)).join(', ')} of blocks 0 to ${layers - 1}`,
      remedy: 'use an adapter that was made for this model',
    });
  }
}

function notFinite(name: string, path: string, value: string): PolicyError {
  return new PolicyError('ADAPTER_NOT_FINITE', `a factor of ${path} holds ${value}`, {
    where: `adapter ${name}`,
    expected: 'finite factors',
    remedy: 'use an earlier copy of the adapter, or train it again with a smaller learning rate',
  });
}
