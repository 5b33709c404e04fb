// The task of MovielensLatest_x1 (AFN, BARS): does this user give this movie this tag? From files of that dataset where they are at hand,
// else made in the same way from the tags of ml-latest-small.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rng } from '@expctr/core';
import { encodeFeatures, fitSchema, selectRows, type Features, type RawColumn } from '@expctr/ctr-models';

/** Fields of the task. */
export const TRIPLE_FIELDS = ['user_id', 'item_id', 'tag_id'] as const;

interface Triple {
  readonly values: readonly string[];
  readonly label: number;
}

/** Rows of each split, all of one schema, whose vocabularies are those of the training rows. */
export interface TripleSplits {
  /** Where they come from. */
  readonly name: string;
  readonly train: Features;
  readonly valid: Features;
  readonly test: Features;
}

/** @param folder with train.csv, valid.csv and test.csv of MovielensLatest_x1, or with tags.csv of MovieLens */
export async function readTriples(folder: string, rng: Rng): Promise<TripleSplits> {
  if (existsSync(join(folder, 'train.csv'))) {
    const parts = await Promise.all(['train.csv', 'valid.csv', 'test.csv'].map((file) => readSplit(join(folder, file))));
    return encoded('MovielensLatest_x1', parts);
  }
  const triples = rng.fork('order').shuffle(withNegatives(await readTags(join(folder, 'tags.csv')), rng.fork('negatives')));
  const [train, valid] = [Math.round(triples.length * 0.7), Math.round(triples.length * 0.9)];
  return encoded('tags of ml-latest-small', [triples.slice(0, train), triples.slice(train, valid), triples.slice(valid)]);
}

/** Two tags for each triple that the user did not give to the movie, drawn from all tags alike. */
function withNegatives(positives: readonly (readonly string[])[], rng: Rng): Triple[] {
  const tags = [...new Set(positives.map(([, , tag]) => tag!))];
  const given = new Set(positives.map((values) => JSON.stringify(values)));
  const negative = ([user, item]: readonly string[]): Triple => {
    for (;;) {
      const values = [user!, item!, tags[rng.int(tags.length)]!];
      if (!given.has(JSON.stringify(values))) return { values, label: 0 };
    }
  };
  return positives.flatMap((values) => [{ values, label: 1 }, negative(values), negative(values)]);
}

/** userId,movieId,tag,timestamp; tags in lower case, each triple once. */
async function readTags(path: string): Promise<string[][]> {
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/u).slice(1).filter(Boolean);
  const triples = lines.map((line) => {
    const [, user, item, tag] = /^(\d+),(\d+),(.*),\d+$/u.exec(line)!;
    return [
      user!,
      item!,
      tag!
        .replace(/^"(.*)"$/u, '$1')
        .replaceAll('""', '"')
        .trim()
        .toLowerCase(),
    ];
  });
  return [...new Map(triples.map((values) => [JSON.stringify(values), values])).values()];
}

/** label,user_id,item_id,tag_id, in any order. */
async function readSplit(path: string): Promise<Triple[]> {
  const [header = '', ...lines] = (await readFile(path, 'utf8')).split(/\r?\n/u).filter(Boolean);
  const names = header.split(',');
  const [label, ...places] = ['label', ...TRIPLE_FIELDS].map((name) => names.indexOf(name));
  if ([label, ...places].includes(-1)) throw new Error(`${path} has the columns ${header}; wanted are label, ${TRIPLE_FIELDS.join(', ')}`);
  return lines.map((line) => {
    const cells = line.split(',');
    return { values: places.map((place) => cells[place]!), label: Number(cells[label!]) };
  });
}

function encoded(name: string, parts: readonly (readonly Triple[])[]): TripleSplits {
  const triples = parts.flat();
  const columns = Object.fromEntries(TRIPLE_FIELDS.map((field, at) => [field, column(triples.map(({ values }) => values[at]!))]));
  const labels = Uint8Array.from(triples, ({ label }) => label);
  const ends = parts.map((_, k) => parts.slice(0, k + 1).reduce((sum, part) => sum + part.length, 0));
  const rowsOf = (k: number): number[] => Array.from({ length: parts[k]!.length }, (_, at) => (ends[k - 1] ?? 0) + at);
  const definitions = TRIPLE_FIELDS.map((field) => ({ kind: 'categorical', name: field }) as const);
  const all = encodeFeatures({ schema: fitSchema({ definitions, columns, rows: rowsOf(0) }), columns, labels });
  const [train, valid, test] = [0, 1, 2].map((k) => selectRows(all, rowsOf(k))) as [Features, Features, Features];
  return { name, train, valid, test };
}

function column(texts: readonly string[]): RawColumn {
  const values = [...new Set(texts)];
  const codes = new Map(values.map((value, code) => [value, code]));
  return { kind: 'categorical', codes: Int32Array.from(texts, (text) => codes.get(text)!), values };
}
