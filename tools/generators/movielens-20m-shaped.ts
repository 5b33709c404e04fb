// Writes a set with the shape of MovieLens 20M: the same files, counts and power laws, no real person's rating in it. Seeded.
// usage: npm run tool -- tools/generators/movielens-20m-shaped.ts FOLDER [--ratings 20000263] [--seed 1]
// Fewer ratings scale the number of users; the 27,278 movies stay. The tag genome (300 MB that no reader here reads) is left out.
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { writeMovieLens20M } from './movielens-20m.js';

const { values, positionals } = toolArguments(
  { ratings: { type: 'string', default: '20000263' }, seed: { type: 'string', default: '1' } },
  1,
);
const [folder = wrongUse('no folder is named')] = positionals;
const { ratings, users, movies } = await writeMovieLens20M({
  folder,
  ratings: wholeNumber('--ratings', values.ratings),
  seed: wholeNumber('--seed', values.seed, 0),
});
console.log(`${folder}: ${ratings} ratings, ${users} users, ${movies} movies`);
