import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readTable, writeTable } from '@expctr/data';
import {
  createHashedEncoder,
  fitPca,
  imageVectors,
  itemVectorsFromTable,
  itemVectorsToTable,
  loadImageEncoder,
  loadPca,
  pcaEncoder,
  savePca,
} from '@expctr/encoder';
import { filesIn } from '../bytes.js';
import { promise, type Target } from '../target.js';

const CLIP = join(import.meta.dirname, '../../../packages/encoder/test/fixtures/tiny-clip');
const hashed = createHashedEncoder({ dimension: 6 });
const TEXTS = ['a b', 'b c', 'c d e', 'f'];

/** Readers of vectors and of images, and of what turns the one into the other. */
export const vectorsTargets: readonly Target[] = [
  {
    name: 'pca',
    description: 'principal components of vectors',
    async samples(folder) {
      await savePca(join(folder, 'x.arrow'), fitPca(await hashed.encode(TEXTS), { components: 3, encoder: hashed }));
      return [filesIn(folder)];
    },
    async read(folder) {
      const pca = await loadPca(join(folder, 'x.arrow'));
      promise(pca.axes.length === pca.components * pca.dimension && pca.mean.length === pca.dimension, 'axes have the dimension');
      const encoder = pcaEncoder(hashed, pca);
      const vectors = await encoder.encode(TEXTS);
      promise(vectors.length === TEXTS.length * encoder.dimension, 'texts have vectors');
    },
  },
  {
    name: 'item-vectors',
    description: 'vectors by item',
    async samples(folder) {
      const vectors = { itemIds: ['a', 'b', 'c'], data: Float32Array.from([1, 2, 3, 4, 5, 6]), dimension: 2, encoder: 'x' };
      await writeTable(join(folder, 'x.arrow'), itemVectorsToTable(vectors));
      return [filesIn(folder)];
    },
    async read(folder) {
      const { itemIds, data, dimension } = itemVectorsFromTable(await readTable(join(folder, 'x.arrow')));
      promise(data.length === itemIds.length * dimension && data.every(Number.isFinite), 'items have finite vectors');
    },
  },
  {
    name: 'image-model',
    description: 'settings of an image encoder, and images',
    samples(folder) {
      cpSync(CLIP, folder, { recursive: true });
      rmSync(join(folder, 'expected.json'));
      return Promise.resolve([filesIn(folder)]);
    },
    changes: (file) => !file.endsWith('.onnx'),
    async read(folder) {
      const encoder = await loadImageEncoder(folder, { threads: 1 });
      try {
        const itemIds = ['1', '2', '3', '8', 'a/b', 'absent'];
        const { data, dimension, missing, damaged } = await imageVectors(encoder, { folder: join(folder, 'images'), itemIds });
        promise(data.length === itemIds.length * dimension && data.every(Number.isFinite), 'items have finite vectors');
        promise(missing.length === 1 && damaged.length <= 5, 'what is missing is known');
      } finally {
        await encoder.dispose();
      }
    },
  },
];
