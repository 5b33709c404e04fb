import { existsSync } from 'node:fs';
import { readTable } from '@expctr/data';
import { itemVectorsFromTable } from '@expctr/encoder';

/** The dense feature that holds the vector of an item's image, as the trainer calls it. */
export const ITEM_IMAGE = 'image';

/** Vectors of the items' images that a run keeps, by the item's id; none where it was given no images. @param path of the table, if it is there */
export async function readItemImages(path: string): Promise<ReadonlyMap<string, Float32Array>> {
  if (!existsSync(path)) return new Map();
  const { itemIds, data, dimension } = itemVectorsFromTable(await readTable(path));
  return new Map(itemIds.map((id, at) => [id, data.subarray(at * dimension, (at + 1) * dimension)]));
}
