// Reads the repository's Markdown: which files there are, their code blocks, links, headings and words in backticks.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The top of the repository. */
export const repository = resolve(import.meta.dirname, '../..');

/** A fenced code block. */
export interface CodeBlock {
  /** The Markdown file, from the top of the repository. */
  readonly file: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  /** First word of the info string: `ts`, `sh`, … */
  readonly language: string;
  /** The other words: `run`, `file=mine.ts`. */
  readonly marks: readonly string[];
  readonly code: string;
}

/** A word or a link, and where it stands. */
export interface Mention {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A Markdown file, taken apart. */
export interface MarkdownFile {
  /** From the top of the repository. */
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
  /** Targets of links and images. */
  readonly links: readonly Mention[];
  /** What stands in backticks in running text. */
  readonly spans: readonly Mention[];
  /** Anchors of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
}

const PLACES = ['', 'docs', 'packages', 'apps', 'tools'];
const PASSED_OVER = new Set(['node_modules', 'dist', 'out-tsc', 'coverage', 'api', 'fixtures']);

/** Every Markdown file of the repository but reports of changes, in order. */
export function markdownFiles(root = repository): MarkdownFile[] {
  const names = PLACES.flatMap((place) => (place === '' ? readdirSync(root) : within(join(root, place))))
    .filter((name) => name.endsWith('.md') && !name.endsWith('CHANGELOG.md'))
    .map((name) => relative(root, resolve(root, name)));
  return [...new Set(names)].sort().map((file) => parseMarkdown(file, readFileSync(join(root, file), 'utf8')));
}

function within(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return PASSED_OVER.has(entry.name) ? [] : within(path);
    return [path];
  });
}

/** Takes a Markdown text apart. */
export function parseMarkdown(file: string, text: string): MarkdownFile {
  const blocks: CodeBlock[] = [];
  const links: Mention[] = [];
  const spans: Mention[] = [];
  const anchors = new Set<string>();
  let fence: { end: string; start: number; info: string } | undefined;
  let code: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (fence !== undefined) {
      if (line.trim() === fence.end) {
        const [language = '', ...marks] = fence.info.split(/\s+/u);
        blocks.push({ file, line: fence.start + 1, language, marks, code: `${code.join('\n')}\n` });
        fence = undefined;
      } else code.push(line);
      continue;
    }
    const [, end, info] = /^\s*(`{3,})(.*)$/u.exec(line) ?? [];
    if (end !== undefined) {
      fence = { end, start: index + 1, info: info!.trim() };
      code = [];
      continue;
    }
    const heading = /^#{1,6} (.+)$/u.exec(line)?.[1];
    if (heading !== undefined) anchors.add(anchorOf(heading, anchors));
    const at = { file, line: index + 1 };
    spans.push(...[...line.matchAll(/`([^`]+)`/gu)].map(([, span]) => ({ ...at, text: span! })));
    const prose = line.replaceAll(/`[^`]*`/gu, '');
    links.push(...[...prose.matchAll(/\]\(([^()\s]+)\)/gu)].map(([, target]) => ({ ...at, text: target! })));
    links.push(...[...prose.matchAll(/\b(?:src|href)="([^"]+)"/gu)].map(([, target]) => ({ ...at, text: target! })));
  }
  return { file, text, blocks, links, spans, anchors };
}

/** The anchor of a heading as GitHub makes it: lower case, words joined by hyphens, a number where it was there before. */
function anchorOf(heading: string, before: ReadonlySet<string>): string {
  const anchor = heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/gu, '-');
  if (!before.has(anchor)) return anchor;
  let count = 1;
  while (before.has(`${anchor}-${count}`)) count += 1;
  return `${anchor}-${count}`;
}

/** Where a link of a Markdown file leads, from the top of the repository. */
export function linkedPath(file: string, target: string): string {
  return join(dirname(file), target);
}
