import { join } from 'node:path';
import { sha256 } from '@expctr/core';

/** The subfolder of a cache that an encoder, with its settings, has for itself. */
export function cacheFolder(
  path: string,
  encoder: { readonly name: string; readonly identity?: string; readonly dimension: number },
): string {
  const { name, identity = name, dimension } = encoder;
  return join(path, `${name.replace(/[^\w.-]+/g, '-')}-${sha256(`${dimension}\0${identity}`).slice(0, 12)}`);
}
