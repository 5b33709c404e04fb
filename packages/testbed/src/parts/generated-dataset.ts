import { datasetFrom, datasetSource, type Dataset } from '@expctr/data';
import { z } from 'zod';
import { writeMovieLensShaped } from '../movielens-shaped/write-movielens-shaped.js';
import { GENERATED } from './warnings.js';

const name = 'generated';
const description = "a small made-up set in MovieLens's form, which says nothing about anything; needs no folder";
const SIZE = { users: 60, items: 120 };

/** The files of MovieLens, read as such; but no language model can know made-up films. */
const shaped = datasetFrom({
  name,
  description,
  async load(request) {
    const { catalogue: _, ...raw } = await datasetSource('movielens').load(request);
    return raw;
  },
});

/** The MovieLens-shaped set as a dataset: it is written as files, and read as any other files are. */
export const generatedDataset: Dataset = {
  name,
  description,
  options: z.object({}),
  async prepare(request) {
    const dataDir = await request.temporaryFolder();
    await writeMovieLensShaped(dataDir, { ...SIZE, seed: request.seed });
    const prepared = await shaped.prepare({ ...request, dataDir });
    return { ...prepared, warnings: [GENERATED, ...prepared.warnings] };
  },
};
