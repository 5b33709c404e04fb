import { stat } from '@expctr/core/platform';
import { fetchModel, parseModelId, type ChooseFiles, type HubOptions } from '@expctr/hub';
import { causalLMFiles } from './hub-files.js';

/** Where a model is. */
export interface LocatedModel {
  /** A folder or file here, or, for what is neither that nor an id, the path as given. */
  readonly path: string;
  /** What names exactly this model again: the path as given, `owner/name@<commit>` for one from the hub. */
  readonly name: string;
  /** Commit of one from the hub. */
  readonly revision?: string;
}

/**
 * A file or folder here, else a model of the hub: from its cache, or fetched into it.
 * @param path a path, `owner/name` or `owner/name@revision`; a path that is there comes first
 * @throws HubError as `fetchModel` of `@expctr/hub`
 */
export async function locateModel(path: string, hub: HubOptions = {}, choose: ChooseFiles = causalLMFiles): Promise<LocatedModel> {
  if ((await stat(path).catch(() => null)) !== null) return { path, name: path };
  const model = parseModelId(path);
  if (model === null) return { path, name: path };
  const { folder, id, commit } = await fetchModel(model, choose, hub);
  return { path: folder, name: `${id}@${commit}`, revision: commit };
}
