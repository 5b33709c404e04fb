// Writes a made-up shop: FOLDER/sales.csv, who was shown what and whether it was bought, and FOLDER/shop.json, a configuration for it.
// usage: npm run tool -- tools/generators/shop.ts FOLDER [--customers 80] [--things 90] [--seed 1]
// Customers like some categories and colors and dislike others, and shy at high prices. The same options give the same bytes.
import { join } from 'node:path';
import { createRng, writeFileAtomic, type Rng } from '@expctr/core';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';

const CATEGORIES = ['Lamps', 'Chairs', 'Rugs', 'Shelves', 'Vases', 'Clocks'];
const THINGS = ['lamp', 'chair', 'rug', 'shelf', 'vase', 'clock'];
const COLORS = ['Blue', 'Red', 'White', 'Green', 'Black'];
const STYLES = ['Harbor', 'Nordic', 'Atelier', 'Meadow', 'Foundry', 'Attic', 'Garden', 'Studio'];
/** Things that a customer was shown. */
const SHOWN = 40;
const START = Date.UTC(2024, 0, 8, 9);
const HOUR = 3_600_000;

interface Thing {
  readonly sku: string;
  readonly name: string;
  readonly category: number;
  readonly color: number;
  readonly price: number;
}

function inventThings(count: number, rng: Rng): Thing[] {
  return Array.from({ length: count }, (_, at) => {
    const [category, color] = [rng.int(CATEGORIES.length), rng.int(COLORS.length)];
    const name = `${STYLES[rng.int(STYLES.length)]!} ${COLORS[color]!.toLowerCase()} ${THINGS[category]!} ${at + 1}`;
    return { sku: `s${String(at + 1).padStart(3, '0')}`, name, category, color, price: 9.99 + 10 * rng.int(20) };
  });
}

function salesOf(customer: number, things: readonly Thing[], rng: Rng): string[] {
  const taste = CATEGORIES.map(() => 1.5 * rng.normal());
  const eye = COLORS.map(() => 0.7 * rng.normal());
  const seen = rng.shuffle([...things]).slice(0, SHOWN);
  return seen.map(({ sku, name, category, color, price }, visit) => {
    const logit = taste[category]! + eye[color]! + (100 - price) / 100;
    const bought = rng.next() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    const at = new Date(START + visit * 26 * HOUR + rng.int(8) * HOUR).toISOString().slice(0, 19).replace('T', ' ');
    return `c${customer + 1},${sku},${bought},${at},${name},${CATEGORIES[category]!},${COLORS[color]!},${price.toFixed(2)}`;
  });
}

const { values, positionals } = toolArguments(
  {
    customers: { type: 'string', default: '80' },
    things: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
  },
  1,
);
const [folder = wrongUse('no folder is named')] = positionals;
const rng = createRng(wholeNumber('--seed', values.seed, 0)).fork('shop');
const things = inventThings(wholeNumber('--things', values.things, SHOWN), rng.fork('things'));
const customers = wholeNumber('--customers', values.customers);
const rows = Array.from({ length: customers }, (_, customer) => salesOf(customer, things, rng.fork('customer', customer))).flat();
const table = {
  user: 'customer',
  item: 'sku',
  click: 'bought',
  time: 'at',
  texts: ['name'],
  features: ['category', 'color'],
  numbers: ['price'],
};
const words = { noun: 'thing', verb: 'buy', past: 'bought', units: { price: 'EUR' } };
await writeFileAtomic(join(folder, 'sales.csv'), `customer,sku,bought,at,name,category,color,price\n${rows.join('\n')}\n`);
const configuration = {
  dataset: 'table',
  dataDir: join(folder, 'sales.csv'),
  data: { maxPerUser: 40, maxInteractions: 2000, table, words },
  llm: { model: 'HuggingFaceTB/SmolLM2-135M-Instruct', maxNewTokens: 40, maxPromptTokens: 1024 },
  encoder: { model: 'Xenova/bge-small-en-v1.5' },
  prompt: { form: 'completion' },
};
await writeFileAtomic(join(folder, 'shop.json'), `${JSON.stringify(configuration, null, 2)}\n`);
console.log(`${folder}: ${rows.length} rows, ${customers} customers, ${things.length} things; sales.csv and shop.json`);
