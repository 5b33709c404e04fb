import { sameShape, type FloatTensor } from './host-tensor.js';
import type { OpenModel } from './open-model.js';

/**
 * The model with a head of its own where its configuration ties the head to the embedding table, yet its files hold one that
 * differs, as transformers reads such files: fine-tuning or a merge has parted the two. A copy of the table stays tied.
 */
export async function withOwnHead(model: OpenModel): Promise<OpenModel> {
  const { family, config, source } = model;
  const { head, embedding } = family.layout(config);
  const untied = { ...config, tiedEmbeddings: false };
  const own = head === null ? family.layout(untied).head : null;
  if (own === null || source.shape(own.name) === undefined || source.shape(embedding.name) === undefined) return model;
  return sameValues(await source.read(own.name), await source.read(embedding.name)) ? model : { ...model, config: untied };
}

function sameValues(a: FloatTensor, b: FloatTensor): boolean {
  return sameShape(a.shape, b.shape) && a.data.every((value, at) => value === b.data[at]);
}
