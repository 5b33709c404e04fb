import { basename } from 'node:path';
import type { FileReport } from '../read/file-report.js';
import { listCandidates, type Candidate } from './candidates.js';
import type { EntityFormat, FileFormat, RatingsFormat, Role } from './formats.js';
import type { DatasetSource, LabelDefault, LoadOptions, RawItems, RawRatings, RawTables } from './raw-tables.js';
import { readItems, readUsers } from './read-entities.js';
import { readRatings } from './read-ratings.js';
import { recognize, type Recognized } from './recognize.js';
import type { Domain } from '../words/words.js';

/** A dataset as the forms that its files have. */
export interface SourceDescription {
  /** The name on the command line. */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /** The forms of its files, the first that fits counts. */
  readonly formats: readonly FileFormat[];
  /** The files that must be there. */
  readonly required: readonly Role[];
  /** Names of files that are published with the dataset and repeat part of it. */
  readonly passOver?: RegExp;
  readonly label?: LabelDefault;
  readonly catalogue?: string;
  readonly domain?: Domain;
}

/** A source whose files are recognized by their content. */
export function formatSource({ name, description, ...source }: SourceDescription): DatasetSource {
  return { name, description, load: (options) => loadFormats(source, options) };
}

/** Recognizes and reads the files of a dataset. */
export async function loadFormats(source: Omit<SourceDescription, 'name' | 'description'>, options: LoadOptions): Promise<RawTables> {
  const { formats, required, passOver, label, catalogue } = source;
  const notes: string[] = [];
  const note = (text: string): void => void notes.push(text);
  const named = options.files ?? { ratings: null, items: null, users: null };
  const all = await listCandidates(options.dataDir);
  const candidates = all.filter(({ name }) => passOver?.test(basename(name)) !== true);
  if (candidates.length < all.length) note(`${all.length - candidates.length} files that repeat rows of the others were passed over`);
  const recognition = { dataDir: options.dataDir, candidates, formats, note };
  const find = (role: Role, interactions?: Candidate) => recognize(role, named[role], required.includes(role), recognition, interactions);

  // All files are recognized before one is read: a missing one should not show after minutes.
  const ratingsFile = (await find('ratings'))! as Recognized<RatingsFormat>;
  const itemsFile = (await find('items', ratingsFile.candidate)) as Recognized<EntityFormat> | undefined;
  const usersFile = (await find('users', ratingsFile.candidate)) as Recognized<EntityFormat> | undefined;
  const users = usersFile && (await readUsers(usersFile, options));
  const items = itemsFile && (await readItems(itemsFile, options));
  const ratings = await readRatings(ratingsFile, options);
  if (items === undefined) note('no file describes the items: their ids stand for titles');

  const domain = ratingsFile.format.domain ?? source.domain;
  const files: FileReport[] = [withRole(ratings.file, ratingsFile)];
  if (items && itemsFile) files.push(withRole(items.file, itemsFile));
  if (users && usersFile) files.push(withRole(users.file, usersFile));
  for (const { file, truncated, rowsRead, rowsBad, numbersUnread = {} } of files) {
    for (const [column, { count, first }] of Object.entries(numbersUnread)) {
      const such = first.map((cell) => JSON.stringify(cell)).join(', ');
      note(
        `${file}: ${count} of ${rowsRead} cells of the column ${column} are no numbers that can be read (${such}), and count as missing`,
      );
    }
    if (truncated === true) note(`${file} ends early: the ${rowsRead - rowsBad} whole rows that it holds were kept`);
  }
  return {
    ratings: ratings.ratings,
    items: items?.items ?? itemsOf(ratings.ratings),
    ...(users ? { users: users.users } : {}),
    files,
    notes,
    ...(label ? { label } : {}),
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(domain === undefined ? {} : { domain }),
  };
}

function withRole({ file, ...report }: FileReport, { format }: Recognized): FileReport {
  return { file, role: format.role, format: format.name, ...report };
}

/** Items of which nothing but the id is known. */
function itemsOf({ itemIds }: RawRatings): RawItems {
  return { itemIds, title: itemIds, attributes: {}, year: new Float32Array(itemIds.length).fill(NaN) };
}
