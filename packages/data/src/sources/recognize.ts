import { basename, isAbsolute, resolve } from 'node:path';
import { DataError, DataOptionError } from '../errors.js';
import { columnKey } from '../read/records.js';
import { candidatesAt, type Candidate } from './candidates.js';
import { columnsLacked } from './columns-of.js';
import { formOf, hasColumns, fieldsOf, type FileFormat, type Form, type Mark, type Role } from './formats.js';

/** A file that was recognized. */
export interface Recognized<F extends FileFormat = FileFormat> {
  readonly candidate: Candidate;
  readonly format: F;
  readonly form: Form;
}

/** What recognition needs to know of a dataset. */
export interface Recognition {
  readonly dataDir: string;
  readonly candidates: readonly Candidate[];
  /** The forms of its files. */
  readonly formats: readonly FileFormat[];
  /** Takes what the reader should know. */
  readonly note: (text: string) => void;
}

/**
 * The file that has this role, by content. `named` is the user's choice. A form that is a fallback is looked for in the file of
 * interactions alone.
 * @throws DataError `DATA_MISSING_FILE` where a file that is required is missing, `DATA_AMBIGUOUS` where several could be it,
 * `DATA_HEADER` and others where one with the usual name is not what its name says; DataOptionError where `named` is not there.
 */
export async function recognize(
  role: Role,
  named: string | null,
  required: boolean,
  recognition: Recognition,
  interactions?: Candidate,
): Promise<Recognized | undefined> {
  const { candidates, note } = recognition;
  const formats = recognition.formats.filter((format) => format.role === role);
  if (named !== null) return theNamed(role, named, formats, recognition);
  const own = formats.filter(({ fallback }) => fallback !== true);
  const found = withoutCopies(
    candidates.flatMap((candidate) => recognizedAs(candidate, own) ?? []),
    note,
  );
  if (found.length > 0) return theOnly(role, found, recognition);
  const within = interactions && recognizedAs(interactions, formats);
  if (within !== undefined) return within;
  const misnamed = candidates.find(({ name }) => formats.some(({ usually }) => usually.test(basename(name))));
  if (misnamed !== undefined) throw unlike(misnamed, role, formats);
  if (!required) return undefined;
  const lacking = candidates.flatMap((candidate) => columnsLacked(candidate, formats) ?? []);
  throw new DataError('DATA_MISSING_FILE', [`no file in the folder is the ${role}`, contents(candidates), ...lacking].join('; '), {
    where: recognition.dataDir,
    expected: formats.map(describeFormat).join('; or '),
    remedy: `give the folder that holds it with --data-dir, or the file with --set data.files.${role}=FILE`,
    wrongUse: true,
  });
}

function theOnly(role: Role, found: readonly Recognized[], { dataDir }: Recognition): Recognized {
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  const list = found.map(({ candidate, format }) => `${candidate.name} (${format.name})`).join(', ');
  throw new DataError('DATA_AMBIGUOUS', `${found.length} files could be the ${role}: ${list}`, {
    where: dataDir,
    expected: 'one',
    remedy: `choose with --set data.files.${role}=${found[0]!.candidate.name}, or move the others away`,
    wrongUse: true,
  });
}

async function theNamed(role: Role, named: string, formats: readonly FileFormat[], recognition: Recognition): Promise<Recognized> {
  const { dataDir, candidates } = recognition;
  const where = `data.files.${role}`;
  if (formats.length === 0) {
    throw new DataOptionError('DATA_FILES', `a file is named, and this dataset reads no ${role}`, {
      where,
      remedy: 'leave the option out',
    });
  }
  const own = candidates.find(({ name }) => name === named);
  const path = named.includes('://') ? named : resolve(dataDir, named);
  const pool = own ? [own] : await candidatesAt(path, isAbsolute(named) ? basename(named) : named);
  if (own === undefined && pool[0]?.head.error?.message.includes('ENOENT') === true) {
    throw new DataOptionError('DATA_MISSING_FILE', `there is no file ${named}; ${contents(candidates)}`, {
      where,
      expected: `a file in ${dataDir}, or a path`,
    });
  }
  const found = pool.flatMap((candidate) => recognizedAs(candidate, formats) ?? []);
  if (found.length === 0 && pool[0] !== undefined) throw unlike(pool[0], role, formats);
  return theOnly(role, found, recognition);
}

function recognizedAs(candidate: Candidate, formats: readonly FileFormat[]): Recognized | undefined {
  for (const format of formats) {
    const form = formOf(format.mark, candidate.head);
    if (form !== undefined) return { candidate, format, form };
  }
  return undefined;
}

/** Of a file and its packed copy the plain one, of a file and its copy in an archive the file. */
function withoutCopies(found: readonly Recognized[], note: (text: string) => void): Recognized[] {
  const plainName = ({ candidate: { name } }: Recognized): string => basename(name).replace(/\.gz$/u, '');
  const rank = ({ candidate: { name } }: Recognized): number => (name.includes('/') ? 2 : name.endsWith('.gz') ? 1 : 0);
  return found.filter((one) => {
    const before = found.find((other) => plainName(other) === plainName(one) && rank(other) < rank(one));
    if (before !== undefined) note(`${before.candidate.name} was read, and ${one.candidate.name} beside it passed over`);
    return before === undefined;
  });
}

/** The error of a file that is not what it should be. */
function unlike({ name, head }: Candidate, role: Role, formats: readonly FileFormat[]): DataError {
  const expected = formats.map(describeFormat).join('; or ');
  const [first = ''] = head.lines;
  const error = (code: string, what: string, where = name): DataError => new DataError(code, what, { where, expected });
  if (head.kind === 'empty') return error('DATA_EMPTY_FILE', 'the file is empty');
  if (head.error !== undefined) return head.error;
  if (head.kind === 'utf-16') return error('DATA_ENCODING', 'the file is in UTF-16');
  if (head.kind !== 'text') return error('DATA_HEADER', `this ${head.kind} file has the columns ${head.names.join(', ')}`);
  const shown = JSON.stringify(first.length > 80 ? `${first.slice(0, 80)}…` : first);
  const hint = formats.map(({ mark }) => headerHint(mark, { name, head })).find((text) => text !== undefined);
  return error(
    'DATA_HEADER',
    `this does not look like the ${role}: the first row is ${shown}${hint === undefined ? '' : `; ${hint}`}`,
    `${name}:1:1`,
  );
}

/** What is wrong with a header that has some of the wanted columns. */
function headerHint(mark: Mark, { head }: Pick<Candidate, 'name' | 'head'>): string | undefined {
  if (!('header' in mark || 'table' in mark)) return undefined;
  const wanted = 'header' in mark ? mark.header : mark.table;
  const other = [',', ';', '\t', '|', '::'].find(
    (separator) =>
      !mark.dialects.some((dialect) => dialect.separator === separator) &&
      hasColumns(fieldsOf(head.lines[0], { separator, quotes: true }), wanted),
  );
  if (other !== undefined) return `its fields are separated by ${JSON.stringify(other)}`;
  const names = mark.dialects.map((dialect) => fieldsOf(head.lines[0], dialect).map(columnKey));
  const missing = names.map((keys) => wanted.filter((name) => !keys.includes(columnKey(name))));
  const best = missing.sort((a, b) => a.length - b.length)[0];
  return best === undefined || best.length === wanted.length ? undefined : `the column ${best.join(', ')} is missing`;
}

function describeFormat({ name, mark, example }: FileFormat): string {
  if ('header' in mark)
    return `${name}: the header ${JSON.stringify(mark.header.join(mark.dialects[0]?.separator))} and rows as ${JSON.stringify(example)}`;
  if ('table' in mark) return `${name}: the columns ${mark.table.join(', ')}`;
  return `${name}: rows as ${JSON.stringify(example)}`;
}

function contents(candidates: readonly Candidate[]): string {
  const names = candidates.map(({ name }) => name);
  if (names.length === 0) return 'it is empty';
  return `it holds ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`;
}
