// Every real file that the data package is tested with: what it is taken for, and how many of its rows are read, dropped and bad.
//   usage: npm run experiment -- data-sources [FOLDER]     FOLDER holds the datasets; default: shared/data beside the repository
// Prints a table in Markdown. A malformed row is counted, and of a gzip file that ends early what can be read is kept.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { datasetSource, parseDataOptions, type TableOptions } from '@expctr/data';
import { toolArguments } from '../common/arguments.js';

const { positionals } = toolArguments({}, 1);
const root = positionals[0] ?? resolve(import.meta.dirname, '../../../shared/data');

/** Something to read. */
interface Read {
  readonly dataset: string;
  readonly folder: string;
  /** The choice of a file where the folder holds several. */
  readonly ratings?: string;
  /** The mapping of a table. */
  readonly table?: Partial<TableOptions>;
}

const clicks = (ratings: string, user: string, item: string, click: string, more: Partial<TableOptions> = {}): Read => ({
  dataset: 'table',
  folder: 'ctr-samples',
  ratings,
  table: { user, item, click, ...more },
});

const READS: readonly Read[] = [
  { dataset: 'movielens', folder: 'ml-latest-small' },
  { dataset: 'bookcrossing', folder: 'bookcrossing' },
  { dataset: 'bookcrossing', folder: 'bookcrossing-subset' },
  { dataset: 'amazon', folder: 'amazon-books-2014', ratings: 'reviews_Books_5.first1000.json.gz' },
  { dataset: 'amazon', folder: 'amazon-books-2014', ratings: 'Books_small.keithgalli.json.gz' },
  { dataset: 'amazon', folder: 'amazon-digital-music-2014' },
  { dataset: 'amazon', folder: 'amazon-musical-instruments-2014' },
  { dataset: 'amazon', folder: 'amazon-books-kaggle', ratings: 'Books_rating.csv.gz' },
  { dataset: 'amazon', folder: 'amazon-books-kaggle', ratings: 'Books_rating.first-eglantinc.csv.gz' },
  {
    dataset: 'table',
    folder: 'ctr-samples',
    ratings: 'movielens_sample.txt',
    table: {
      user: 'user_id',
      item: 'movie_id',
      rating: 'rating',
      time: 'timestamp',
      texts: ['title'],
      features: ['genres'],
      userFeatures: ['gender', 'age'],
    },
  },
  clicks('avazu_sample.txt', 'device_ip', 'site_id', 'click'),
  clicks('criteo_sample.txt', 'C17', 'C14', 'label'),
  ...['train', 'valid', 'test'].map((part) =>
    clicks(`fuxictr_tiny_csv/${part}_sample.csv`, 'userid', 'adgroup_id', 'clk', { time: 'time_stamp', features: ['cate_id'] }),
  ),
];

const rows: (string | number)[][] = [];
for (const { dataset, folder, ratings, table } of READS) {
  const dataDir = resolve(root, folder);
  if (!existsSync(dataDir)) {
    rows.push([dataset, folder, 'not here', '', '', '', '', '']);
    continue;
  }
  const source = datasetSource(dataset);
  const given = { files: ratings === undefined ? {} : { ratings }, truncated: 'keep', ...(table === undefined ? {} : { table }) };
  const { data, options } = parseDataOptions(given, source.options);
  const raw = await source.load({ dataDir, onBadRow: 'skip', files: data.files, truncated: data.truncated, options });
  for (const report of raw.files) {
    const { file, role, format, rowsRead, rowsBad, rowsDropped = {}, badRows, truncated } = report;
    const dropped = Object.values(rowsDropped).reduce((sum, count) => sum + count, 0);
    const [first] = badRows;
    rows.push([
      dataset,
      `${folder}/${file}`,
      `${role}: ${format}${truncated === true ? ' (gzip ends early)' : ''}`,
      rowsRead,
      rowsRead - dropped - rowsBad,
      Object.entries(rowsDropped)
        .map(([rule, count]) => `${count} ${rule}`)
        .join(', '),
      rowsBad,
      first === undefined ? '' : `line ${first.line}, column ${first.column}: ${first.problem}`,
    ]);
  }
}
const head = ['dataset', 'file', 'taken for', 'rows read', 'kept', 'dropped by a rule', 'bad', 'first bad row'];
const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
