// Every real file that the data package is tested with: what it is taken for, and how many of its rows are read, dropped and bad.
//   usage: npm run experiment -- data-sources [FOLDER]     FOLDER holds the datasets; default: shared/data beside the repository
// Prints a table in Markdown. A malformed row is counted, and of a gzip file that ends early what can be read is kept.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { dataOptionsSchema, datasetSource } from '@expctr/data';

const root = process.argv[2] ?? resolve(import.meta.dirname, '../../../shared/data');
const clicks = (user, item, click, more = {}) => ({ user, item, click, ...more });

/** Dataset, folder, the choice of a file where the folder holds several, the mapping of a table. */
const READS = [
  ['movielens', 'ml-latest-small'],
  ['bookcrossing', 'bookcrossing'],
  ['bookcrossing', 'bookcrossing-subset'],
  ['amazon', 'amazon-books-2014', { ratings: 'reviews_Books_5.first1000.json.gz' }],
  ['amazon', 'amazon-books-2014', { ratings: 'Books_small.keithgalli.json.gz' }],
  ['amazon', 'amazon-digital-music-2014'],
  ['amazon', 'amazon-musical-instruments-2014'],
  ['amazon', 'amazon-books-kaggle', { ratings: 'Books_rating.csv.gz' }],
  ['amazon', 'amazon-books-kaggle', { ratings: 'Books_rating.first-eglantinc.csv.gz' }],
  [
    'table',
    'ctr-samples',
    { ratings: 'movielens_sample.txt' },
    {
      user: 'user_id',
      item: 'movie_id',
      rating: 'rating',
      time: 'timestamp',
      texts: ['title'],
      features: ['genres'],
      userFeatures: ['gender', 'age'],
    },
  ],
  ['table', 'ctr-samples', { ratings: 'avazu_sample.txt' }, clicks('device_ip', 'site_id', 'click')],
  ['table', 'ctr-samples', { ratings: 'criteo_sample.txt' }, clicks('C17', 'C14', 'label')],
  ...['train', 'valid', 'test'].map((part) => [
    'table',
    'ctr-samples',
    { ratings: `fuxictr_tiny_csv/${part}_sample.csv` },
    clicks('userid', 'adgroup_id', 'clk', { time: 'time_stamp', features: ['cate_id'] }),
  ]),
];

const rows = [['dataset', 'file', 'taken for', 'rows read', 'kept', 'dropped by a rule', 'bad', 'first bad row']];
for (const [dataset, folder, files = {}, table = {}] of READS) {
  const dataDir = resolve(root, folder);
  if (!existsSync(dataDir)) {
    rows.push([dataset, folder, 'not here', '', '', '', '', '']);
    continue;
  }
  const options = dataOptionsSchema.parse({ files, table, truncated: 'keep' });
  const raw = await datasetSource(dataset).load({ dataDir, onBadRow: 'skip', ...options });
  for (const report of raw.files) {
    const { file, role, format, rowsRead, rowsBad, rowsDropped = {}, badRows, truncated } = report;
    const dropped = Object.values(rowsDropped).reduce((sum, count) => sum + count, 0);
    const [first] = badRows;
    rows.push([
      dataset,
      `${folder}/${file}`,
      `${role}: ${format}${truncated ? ' (gzip ends early)' : ''}`,
      rowsRead,
      rowsRead - dropped - rowsBad,
      Object.entries(rowsDropped)
        .map(([rule, count]) => `${count} ${rule}`)
        .join(', '),
      rowsBad,
      first ? `line ${first.line}, column ${first.column}: ${first.problem}` : '',
    ]);
  }
}
const line = (cells) => `| ${cells.join(' | ')} |`;
console.log([line(rows[0]), line(rows[0].map(() => '---')), ...rows.slice(1).map(line)].join('\n'));
