// Our side of tools/bench/data.mjs: node tools/bench/data-ours.mjs FOLDER OUT, prints one line of JSON.
import { prepareIntoFolder } from '@expctr/data';

const [folder, out] = process.argv.slice(2);
const began = performance.now();
const { card } = await prepareIntoFolder(out, { dataset: 'movielens', dataDir: folder });
const seconds = (performance.now() - began) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    rows: card.rows,
    seconds: Number(seconds.toFixed(3)),
    cpu: Number(((userCPUTime + systemCPUTime) / 1e6).toFixed(2)),
    peakMB: Math.round(maxRSS / 1024),
  }),
);
