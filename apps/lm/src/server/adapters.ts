import { quoted, type Route } from '@expctr/app-kit/http';
import { ExpctrError } from '@expctr/core';
import { fieldsIn, flagIn, textIn, wrongType } from './fields.js';
import { LmRequestError } from './refusals.js';
import type { ServedModel } from './served-model.js';

const LONGEST_NAME = 512;

/** `GET /v1/models`, and where requests may load adapters `POST /v1/load_lora_adapter` and `POST /v1/unload_lora_adapter`. */
export function modelRoutes(served: ServedModel): Route[] {
  const { policy, name, adapters, created, options } = served;
  const card = (id: string, since: number, parent: string | null): object => ({
    id,
    object: 'model',
    created: since,
    owned_by: 'expctr',
    root: id,
    parent,
    max_model_len: policy.maxPositions,
  });
  const list: Route = {
    method: 'GET',
    path: '/v1/models',
    handle: () => ({
      kind: 'json',
      value: { object: 'list', data: [card(name, created, null), ...[...adapters].map(([id, since]) => card(id, since, name))] },
    }),
  };
  return options.enableLora ? [list, loadRoute(served), unloadRoute(served)] : [list];
}

function loadRoute({ policy, name: base, adapters, sampler, options }: ServedModel): Route {
  return {
    method: 'POST',
    path: '/v1/load_lora_adapter',
    async handle({ body }) {
      const fields = fieldsIn(body, ['lora_name', 'lora_path', 'load_inplace', 'base_model_name', 'is_3d_lora_weight']);
      const name = nameIn(fields);
      const path = textIn(fields, 'lora_path', '');
      if (path === undefined || path === '') throw wrongType(path, 'lora_path', 'a folder in the format of PEFT');
      const inPlace = flagIn(fields, 'load_inplace', '') === true;
      const refused = (what: string, remedy?: string): LmRequestError =>
        new LmRequestError('LM_ADAPTER', what, { where: 'lora_name', ...(remedy === undefined ? {} : { remedy }) });
      return sampler.between(async () => {
        if (name === base) throw refused('the model itself is called so');
        if (adapters.has(name) && !inPlace) throw refused(`The lora adapter '${name}' has already been loaded`, 'set load_inplace to true');
        if (!adapters.has(name) && adapters.size >= options.maxLoras)
          throw refused(`${adapters.size} adapters are loaded`, 'unload one of them');
        await policy.adapters.load(path, name).catch((error: unknown) => {
          if (!(error instanceof ExpctrError)) throw error;
          throw new LmRequestError('LM_ADAPTER', `the adapter cannot be loaded: ${error.what}`, { where: 'lora_path' });
        });
        adapters.set(name, Math.floor(Date.now() / 1000));
        return { kind: 'text', type: 'text/plain; charset=utf-8', text: `Success: LoRA adapter '${name}' added successfully.` };
      });
    },
  };
}

function unloadRoute({ policy, adapters, sampler }: ServedModel): Route {
  return {
    method: 'POST',
    path: '/v1/unload_lora_adapter',
    handle({ body }) {
      const name = nameIn(fieldsIn(body, ['lora_name', 'lora_int_id']));
      return sampler.between(() => {
        if (!adapters.delete(name)) {
          throw new LmRequestError('LM_NO_ADAPTER', `The lora adapter '${name}' cannot be found`, { where: 'lora_name' });
        }
        policy.adapters.delete(name);
        return { kind: 'text', type: 'text/plain; charset=utf-8', text: `Success: LoRA adapter '${name}' removed successfully.` };
      });
    },
  };
}

function nameIn(fields: Parameters<typeof textIn>[0]): string {
  const name = textIn(fields, 'lora_name', '');
  if (name !== undefined && name !== '' && name.length <= LONGEST_NAME) return name;
  if (name === undefined) throw wrongType(name, 'lora_name', 'a name');
  throw new LmRequestError('LM_REQUEST', `it is ${quoted(name)}`, {
    where: 'lora_name',
    expected: `a name of at most ${LONGEST_NAME} characters`,
  });
}
