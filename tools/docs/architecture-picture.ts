// Draws docs/architecture.svg from the packages' package.json files.
//
// usage: npm run tool tools/docs/architecture-picture.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolArguments } from '../common/arguments.js';
import { repository } from './markdown.js';
import { layOut } from './picture/layout.js';
import { packageNodes } from './picture/packages.js';
import { drawPackages } from './picture/svg.js';

/** Where the picture stands. */
export const PICTURE_FILE = join(repository, 'docs/architecture.svg');

/** The picture as the packages are now. */
export function architecturePicture(root = repository): string {
  const nodes = packageNodes(root);
  return drawPackages(nodes, layOut(nodes));
}

if (process.argv[1] === import.meta.filename) {
  toolArguments({});
  writeFileSync(PICTURE_FILE, architecturePicture());
}
