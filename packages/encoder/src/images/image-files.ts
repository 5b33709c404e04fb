import { readdir } from 'node:fs/promises';
import { EncoderError } from '../errors.js';

/** What the name of an image ends with. */
const ENDING = /\.(?:jpe?g|png|webp|gif|avif|tiff?)$/iu;

/**
 * The images of a folder by what their names say before the ending: `images/ID.jpg`. A character that a file name cannot hold is written
 * as in an address: `a%2Fb.jpg` is of the item `a/b`.
 *
 * @throws EncoderError `ENCODER_IMAGE_FOLDER` for a path that is no folder, or two images of one item
 */
export async function imageFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new EncoderError('ENCODER_IMAGE_FOLDER', 'the images cannot be listed', {
      where: folder,
      expected: 'a folder with images that are named by the items that they are of, such as 42.jpg',
      remedy: 'check the path',
      wrongUse: true,
      cause,
    });
  });
  const files = new Map<string, string>();
  for (const name of names.sort()) {
    if (!ENDING.test(name) || name.startsWith('.')) continue;
    const id = decoded(name.replace(ENDING, ''));
    const other = files.get(id);
    if (other !== undefined) {
      throw new EncoderError('ENCODER_IMAGE_FOLDER', `there are two images of the item ${JSON.stringify(id)}: ${other} and ${name}`, {
        where: folder,
        expected: 'one image for each item',
        remedy: 'take one of them away',
        wrongUse: true,
      });
    }
    files.set(id, name);
  }
  return files;
}

/** A name that is no right encoding is taken as it is: `100%.jpg`. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
