import type { Rng } from '@expctr/core';
import type { AdapterStore } from '@expctr/language-model/training';
import type { Adapter } from '../formats/adapter.js';
import { strangeValue, type FloatTensor } from '../formats/host-tensor.js';
import { loadAdapter } from '../formats/peft/load.js';
import { loraModules, type LoraModule } from '../formats/peft/modules.js';
import { saveAdapter } from '../formats/peft/save.js';
import { PolicyError } from '../policy/errors.js';
import { hostLora, isDecomposed, type HostLora } from './applied-lora.js';
import { initializeLora, zeroLora, type RowNorms } from './initialize.js';
import type { LoraPlan } from './lora-options.js';
import { adapterOf, loraTree, type LoraPair, type LoraSites, type LoraTree } from './lora-tree.js';

interface Entry {
  readonly adapter: Adapter;
  readonly modules: ReadonlyMap<string, LoraModule>;
  readonly host: HostLora;
}

/** Named LoRA adapters of one base model. Their tensors are never changed in place: an update stores new ones. */
export class LoraStore implements AdapterStore<Adapter> {
  /**
   * The layers that adapters can be on.
   * @internal
   */
  readonly sites: LoraSites;
  readonly #plan: LoraPlan;
  readonly #norms: RowNorms;
  readonly #adapters = new Map<string, Entry>();
  readonly #zeros = new Map<string, HostLora>();
  #active = '';

  /**
   * @param sites the layers that adapters can be on
   * @param plan what {@link create} makes
   * @param norms of the base model's matrices
   * @internal
   */
  constructor(sites: LoraSites, plan: LoraPlan, norms: RowNorms) {
    this.sites = sites;
    this.#plan = plan;
    this.#norms = norms;
  }

  /** The adapter that `generate` uses by default and that a step trains; empty while there is none. */
  get active(): string {
    return this.#active;
  }

  /** Names in order of creation. */
  names(): string[] {
    return [...this.#adapters.keys()];
  }

  /** A fresh adapter (B = 0, magnitudes as the base model has them), active where it is the first. */
  create(name: string, rng: Rng): void {
    const { config, modules } = this.#plan;
    const norms = config.weightDecomposed === true ? this.#norms : null;
    this.set(name, adapterOf(config, initializeLora(modules, this.sites, norms, rng), this.sites));
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

  /**
   * Stores an adapter, active where it is the first. One of the same shapes as another is served by the same compiled functions, whatever
   * its scale.
   * @throws {@link PolicyError} when a factor does not fit this model, or is not finite
   */
  set(name: string, adapter: Adapter): void {
    const tree = loraTree(adapter, this.sites);
    const modules = this.#modulesOf(name, adapter);
    this.#check(name, adapter, modules, tree);
    const { linears, path } = this.sites;
    const byKey = new Map(linears.map((linear) => [linear.key, linear]));
    const host = hostLora(tree, (index, key) => modules.get(path(index, byKey.get(key)!))!.scale);
    this.#adapters.set(name, { adapter: this.#asInModel(adapter), modules, host });
    if (this.#active === '') this.#active = name;
  }

  /** A step stores an adapter with the configuration that it had: its patterns were matched before. */
  #modulesOf(name: string, { config, tensors }: Adapter): ReadonlyMap<string, LoraModule> {
    const before = this.#adapters.get(name);
    const known = before?.adapter.config === config && [...tensors.keys()].every((path) => before.modules.has(path));
    return known ? before.modules : loraModules(config, tensors.keys(), `adapter ${name}`);
  }

  /** `fan_in_fan_out` says how the base model's files hold its matrices, which the model knows. */
  #asInModel({ config, tensors }: Adapter): Adapter {
    const { fanInFanOut = false, ...others } = config;
    if (fanInFanOut === this.sites.transposed) return { config, tensors };
    return { config: this.sites.transposed ? { ...others, fanInFanOut: true } : others, tensors };
  }

  /**
   * The adapter for a compiled function. @throws {@link PolicyError} when there is none of this name
   * @internal
   */
  host(name: string): HostLora {
    return this.#entry(name).host;
  }

  /**
   * The base model in the graphs of the active adapter (B = 0 changes no bit), or null where no adapter is active, or one with magnitudes,
   * whose quotient would be 1 to rounding only.
   * @internal
   */
  baseHost(): HostLora | null {
    if (this.#active === '') return null;
    const active = this.host(this.#active);
    if (isDecomposed(active)) return null;
    let zero = this.#zeros.get(active.structure);
    if (zero === undefined) {
      zero = { ...active, inputs: { ...active.inputs, factors: zeroLora(active.inputs.factors as LoraTree<FloatTensor>) } };
      this.#zeros.set(active.structure, zero);
    }
    return zero;
  }

  #entry(name: string): Entry {
    const entry = this.#adapters.get(name);
    if (entry !== undefined) return entry;
    throw new PolicyError('ADAPTER_UNKNOWN', `there is no adapter ${JSON.stringify(name)}`, {
      where: 'adapters',
      expected: this.#adapters.size === 0 ? 'one that was created or loaded before' : `one of ${this.names().join(', ')}`,
      remedy: 'create, load or copy it first; null stands for the base model',
    });
  }

  #check(name: string, { tensors, config }: Adapter, modules: ReadonlyMap<string, LoraModule>, tree: LoraTree<FloatTensor>): void {
    const { layers, linears, path: pathOf } = this.sites;
    const known = new Set<string>();
    tree.forEach((layer, index) => {
      for (const linear of linears) {
        const pair = layer[linear.key];
        if (pair === undefined) continue;
        const path = pathOf(index, linear);
        known.add(path);
        const rank = modules.get(path)?.rank;
        if (rank === undefined) throw noTarget(name, path);
        const expected = expectedShapes(linear, rank, config.weightDecomposed === true);
        if (shapesOf(pair) !== expected) throw wrongShape(name, path, shapesOf(pair), expected);
        const strange =
          strangeValue(pair.a) ?? strangeValue(pair.b) ?? (pair.magnitude === undefined ? null : strangeValue(pair.magnitude));
        if (strange !== null) throw notFinite(name, path, strange);
      }
    });
    const strange = [...tensors.keys()].find((path) => !known.has(path));
    if (strange === undefined && known.size > 0) return;
    throw new PolicyError('ADAPTER_SHAPE', strange === undefined ? 'it adapts nothing' : `this model has no layer ${strange}`, {
      where: `adapter ${name}`,
      expected: `layers among ${linears.map((linear) => pathOf(0, linear)).join(', ')} of blocks 0 to ${layers - 1}; embedding table and head are not adapted`,
      remedy: 'use an adapter that was made for this model, or merge it into its base model with PEFT (merge_and_unload) and load that',
    });
  }
}

function shapesOf({ a, b, magnitude }: LoraPair<FloatTensor>): string {
  const both = `A [${a.shape.join(', ')}] and B [${b.shape.join(', ')}]`;
  return magnitude === undefined ? both : `${both} and magnitudes [${magnitude.shape.join(', ')}]`;
}

function expectedShapes(linear: { readonly in: number; readonly out: number }, rank: number, decomposed: boolean): string {
  const both = `A [${rank}, ${linear.in}] and B [${linear.out}, ${rank}]`;
  return decomposed ? `${both} and magnitudes [${linear.out}]` : both;
}

function wrongShape(name: string, path: string, found: string, expected: string): PolicyError {
  return new PolicyError('ADAPTER_SHAPE', `${path} has ${found}`, {
    where: `adapter ${name}`,
    expected,
    remedy: 'use an adapter that was made for this model',
  });
}

function noTarget(name: string, path: string): PolicyError {
  return new PolicyError('ADAPTER_SHAPE', `${path} has factors but is no target module`, {
    where: `adapter ${name}`,
    expected: 'factors for its target modules alone',
    remedy: 'name the module in targetModules, or leave its factors out',
  });
}

function notFinite(name: string, path: string, value: string): PolicyError {
  return new PolicyError('ADAPTER_NOT_FINITE', `a factor of ${path} holds ${value}`, {
    where: `adapter ${name}`,
    expected: 'finite factors',
    remedy: 'use an earlier copy of the adapter, or train it again with a smaller learning rate',
  });
}
