// Preparation of a MovieLens-shaped dataset, from CSV to finished Arrow tables.
//   node tools/bench/data.mjs [ROWS]     default 2,000,000 (ml-20m has 20,000,263)
// Needs a build (npm run build). Prints rows a second for reading and for the whole, and the peak of memory.
import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { datasetSource, prepareTables, writeDataset } from '@expctr/data';

const rows = Number(process.argv[2] ?? 2_000_000);
const ITEMS = 27_278;
const GENRES = ['Action', 'Comedy', 'Drama', 'Horror', 'Romance', 'Sci-Fi', 'Thriller', 'War'];

/** Users with 20 rows and more (exponential), items by a power law, a third of the rows tied in time with the one before. */
async function writeRatings(path) {
  const rng = createRng(1);
  const file = await open(path, 'w');
  let text = 'userId,movieId,rating,timestamp\r\n';
  for (let row = 0, user = 1; row < rows; user += 1) {
    const count = Math.min(rows - row, 20 + Math.floor(-Math.log(1 - rng.next()) * 124));
    let time = 800_000_000 + rng.int(600_000_000);
    for (let i = 0; i < count; i += 1) {
      time += rng.int(3) === 0 ? 0 : rng.int(60);
      text += `${user},${1 + Math.floor(ITEMS * rng.next() ** 3)},${(1 + rng.int(10)) / 2},${time}\r\n`;
    }
    row += count;
    if (text.length > 1 << 22 || row === rows) {
      await file.write(text);
      text = '';
    }
  }
  await file.close();
}

const folder = await mkdtemp(join(tmpdir(), 'expctr-bench-'));
try {
  await writeRatings(join(folder, 'ratings.csv'));
  const movies = Array.from(
    { length: ITEMS },
    (_, i) => `${i + 1},"Movie ${i + 1}, The (1990)",${GENRES[i % 8]}|${GENRES[(i >> 3) % 8]}\r\n`,
  );
  await writeFile(join(folder, 'movies.csv'), `movieId,title,genres\r\n${movies.join('')}`);
  const { size } = await stat(join(folder, 'ratings.csv'));

  const start = performance.now();
  const raw = await datasetSource('ml-20m').load({ dataDir: folder, onBadRow: 'fail' });
  const read = performance.now();
  const dataset = prepareTables(raw, { dataset: 'ml-20m' });
  const prepared = performance.now();
  await writeDataset(join(folder, 'out'), dataset);
  const written = performance.now();

  const seconds = (from, to) => ((to - from) / 1000).toFixed(2);
  console.log(`rows               ${rows} (${(size / 1e6).toFixed(0)} MB), kept ${dataset.interactions.length}`);
  console.log(`read               ${seconds(start, read)} s, ${Math.round(rows / ((read - start) / 1000))} rows/s`);
  console.log(`prepare            ${seconds(read, prepared)} s`);
  console.log(`write              ${seconds(prepared, written)} s`);
  console.log(`all                ${seconds(start, written)} s, ${Math.round(rows / ((written - start) / 1000))} rows/s`);
  console.log(`peak memory        ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
} finally {
  await rm(folder, { recursive: true });
}
