// Tables of exports in READMEs name what a package exports.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repository, type MarkdownFile } from './markdown.js';

const HEADING = /^#{2,}.*\b(?:exports|what (?:else )?is in it)\b/iu;

/** Names in cells of such tables that hold nothing but names and that the package's entries do not have, as lines for people. */
export function missingExports({ file, text }: MarkdownFile, entries = entriesOf(file)): string[] {
  if (entries === undefined) return [];
  let inside = false;
  return text.split('\n').flatMap((line, index) => {
    if (line.startsWith('#')) inside = HEADING.test(line);
    if (!inside || !line.startsWith('|')) return [];
    const cells = line.split('|').filter((cell) => cell.replaceAll(/`[^`]*`/gu, '').replaceAll(/\b(?:and|types?)\b|[^a-z]/giu, '') === '');
    // a name alone, or with its arguments: `fitCtr`, `loadEncoder(spec, options)`
    const names = cells.flatMap((cell) => [...cell.matchAll(/`([A-Za-z_]\w*)(?:\([^`]*\))?`/gu)].map(([, name]) => name!));
    return names
      .filter((name) => !new RegExp(`\\b${name}\\b`, 'u').test(entries))
      .map((name) => `${file}:${index + 1} ${name} is not exported`);
  });
}

/** The text of a package's entries; undefined for a file that is no package's README. */
function entriesOf(file: string): string | undefined {
  const source = join(repository, dirname(file), 'src');
  if (!file.endsWith('README.md') || !existsSync(join(source, 'index.ts'))) return undefined;
  const entries = readdirSync(source).filter((name) => name === 'index.ts' || name === 'training.ts');
  return entries.map((name) => readFileSync(join(source, name), 'utf8')).join('\n');
}
