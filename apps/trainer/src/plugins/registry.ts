import { BACKBONES } from '@expctr/ctr-models';
import { datasets } from '@expctr/data';
import { encoders } from '@expctr/encoder';
import { FAMILIES } from '@expctr/llm-lora';
import { algorithms } from '@expctr/ppo';
import { rewards } from '@expctr/rewards';
import { llamaCppSampler, sglangSampler, vllmSampler } from '@expctr/samplers';
import { generatedDataset, testbedDataset } from '@expctr/testbed';
import { policySampler } from '../pipeline/policy-sampler.js';
import { checkPlugin } from './check-plugin.js';
import { PluginError } from './errors.js';
import type { LoadedPlugin } from './load-plugins.js';
import type { PartKind, Parts, PluginRecord } from './plugin.js';

/** Every part that a run can name, built-in ones and those of its plug-ins. */
export interface Registry extends Parts {
  /** The plug-ins, in the order in which they were given. */
  readonly plugins: readonly PluginRecord[];
}

const BUILT_IN: Parts = {
  datasets: [...Object.values(datasets), testbedDataset, generatedDataset],
  families: Object.values(FAMILIES),
  samplers: [policySampler, vllmSampler, sglangSampler, llamaCppSampler],
  encoders: Object.values(encoders),
  backbones: Object.values(BACKBONES),
  rewards: Object.values(rewards),
  algorithms: Object.values(algorithms),
};

/** The kinds of parts, in the order in which the method meets them. */
export const PART_KINDS = Object.keys(BUILT_IN) as readonly PartKind[];

/**
 * The built-in parts and those of the plug-ins.
 * @throws PluginError `PLUGIN_BROKEN` for a plug-in that is no such thing, `PLUGIN_CLASH` where a name is taken
 */
export function createRegistry(plugins: readonly LoadedPlugin[] = []): Registry {
  const parts: Record<PartKind, readonly { readonly name: string }[]> = { ...BUILT_IN };
  const owner = new Map(PART_KINDS.flatMap((kind) => BUILT_IN[kind].map(({ name }) => [`${kind} ${name}`, 'this program'])));
  const records: PluginRecord[] = [];
  for (const { plugin, record, where } of plugins) {
    checkPlugin(plugin, PART_KINDS, where);
    if (records.some(({ name }) => name === record.name)) throw clash(where, `a plug-in named "${record.name}" was loaded before`);
    for (const kind of PART_KINDS) {
      for (const part of plugin[kind] ?? []) {
        const key = `${kind} ${part.name}`;
        const taken = owner.get(key);
        if (taken !== undefined) throw clash(where, `its ${kind.slice(0, -1)} "${part.name}" is there already, from ${taken}`);
        owner.set(key, `plug-in ${record.name}`);
      }
      parts[kind] = [...parts[kind], ...(plugin[kind] ?? [])];
    }
    records.push(record);
  }
  return { ...(parts as unknown as Parts), plugins: records };
}

function clash(where: string, what: string): PluginError {
  return new PluginError('PLUGIN_CLASH', what, { where, expected: 'names of its own', remedy: 'rename it, or leave one of the two out' });
}
