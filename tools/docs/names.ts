// What the Markdown calls by name has to exist: files, npm scripts, options of a run, flags of the command lines, error codes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { flagOf } from '@expctr/app-kit';
import { lmServeOptions } from '@expctr/lm';
import { sftOptions } from '@expctr/llm-lora/sft';
import { serveOptions } from '@expctr/serve';
import { createRegistry, listOptions, presets } from '@expctr/trainer';
import { repository, type MarkdownFile } from './markdown.js';

/** A way to check a word: undefined where it has nothing to say of it, else what is wrong, or null where all is well. */
type Check = (word: string, file: string) => string | null | undefined;

/** Every name in Markdown that names nothing, as lines for people. */
export function unknownNames(files: readonly MarkdownFile[]): string[] {
  const spans = files.flatMap((file) => file.spans);
  const commands = files.flatMap(({ blocks }) =>
    blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(({ file, line, code }) =>
        code
          .replaceAll(/\\\n/gu, ' \n')
          .split('\n')
          .map((text, at) => ({ file, line: line + at, text })),
      ),
  );
  const found: string[] = [];
  const own = new Map(files.map(({ file, blocks }) => [file, blocks.map(({ code }) => code).join('\n')]));
  const report = (at: { file: string; line: number }, word: string, wrong: string | null | undefined): void => {
    if (typeof wrong !== 'string') return;
    const last = /(\w+)(?:=.*)?$/u.exec(word)?.[1];
    const isOfAPlugin =
      wrong === NO_OPTION && (/^my[A-Z]/u.test(last ?? '') || new RegExp(`\\b${last}:|name: '${last}'`, 'u').test(own.get(at.file) ?? ''));
    if (!isOfAPlugin) found.push(`${at.file}:${at.line} ${word}: ${wrong}`);
  };
  for (const span of spans) for (const check of [path, option, errorCode]) report(span, span.text, check(span.text, span.file));
  for (const words of [...spans, ...commands]) {
    for (const [word] of words.text.matchAll(/npm (?:run )?[a-z:]+(?: -- [a-z][\w-]*)?/gu)) report(words, word, script(word, words.file));
    for (const [, assigned] of words.text.matchAll(/--set '?([\w.]+)=/gu)) report(words, assigned!, option(assigned!, words.file));
    for (const [, preset] of words.text.matchAll(/--preset ([\w-]+)/gu)) report(words, preset!, known(presets, preset!));
    const program = /expctr-(train|eval|data|worker|serve|lm)\b/u.exec(words.text)?.[1];
    for (const [, flag] of program === undefined ? [] : words.text.matchAll(/\s(--[a-z][a-z-]+)/gu)) {
      report(words, flag!, PROGRAMS[program as keyof typeof PROGRAMS].includes(flag!) ? null : `expctr-${program} has no such flag`);
    }
  }
  return found;
}

const known = (names: object, name: string): string | null => (Object.hasOwn(names, name) ? null : 'there is no such preset');

/** `packages/…`, `src/…` and the like, from the top or from the file's own package. */
const path: Check = (word, file) => {
  if (!/^(?:packages|apps|tools|docs|src|test)\/[\w./@-]*$/u.test(word)) return undefined;
  const places = [repository, join(repository, dirname(file))];
  return places.some((place) => existsSync(join(place, word))) ? null : 'there is no such file';
};

const SCRIPTS = (JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;

/** `npm run NAME`, and the tool that stands behind it. */
const script: Check = (words) => {
  const [, name = '', tool] = /^npm (?:run )?([a-z:]+)(?: -- ([\w-]+))?$/u.exec(words) ?? [];
  if (['install', 'i', 'ci', 'pack', 'pkg', 'init', 'publish'].includes(name)) return null;
  if (!Object.hasOwn(SCRIPTS, name)) return 'there is no such script';
  const folder = /run-tool\.ts (\w+)$/u.exec(SCRIPTS[name]!)?.[1];
  const missing = folder !== undefined && tool !== undefined && !existsSync(join(repository, 'tools', folder, `${tool}.ts`));
  return missing ? `there is no tools/${folder}/${tool}.ts` : null;
};

const OPTIONS = listOptions(createRegistry()).map((each) => each.path);
const SECTIONS = new Set(OPTIONS.filter((each) => each.includes('.')).map((each) => each.split('.')[0]!));

/** Unless a plug-in in a block of the same page brings it, or it is called `my…` for an example. */
const NO_OPTION = 'there is no such option';

/** `ppo.learningRate`, a section of options, or one with a value behind it. */
const option: Check = (word) => {
  const [, name = ''] = /^([a-z]\w*(?:\.\w+)+)(?:=.*)?$/u.exec(word) ?? [];
  if (!SECTIONS.has(name.split('.')[0]!) || /\.(?:arrow|json|js|ts|md)$/u.test(name)) return undefined;
  const there = OPTIONS.some((each) => each === name || each.startsWith(`${name}.`));
  return there ? null : NO_OPTION;
};

const SOURCES = ['packages', 'apps'].flatMap((place) =>
  readdirSync(join(repository, place)).flatMap((name) => sourcesIn(join(repository, place, name, 'src'))),
);
const SOURCE = SOURCES.map((file) => readFileSync(file, 'utf8')).join('\n');

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** `PLUGIN_BROKEN`: a code has to stand in the source of a package. */
const errorCode: Check = (word) => {
  if (!/^[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+$/u.test(word) || word.startsWith('EXPCTR_')) return undefined;
  return SOURCE.includes(word) ? null : 'no source file has that name';
};

const flagsIn = (file: string): string[] => [
  '--help',
  ...[...readFileSync(join(repository, file), 'utf8').matchAll(/--[a-z][a-z-]+/gu)].map(([flag]) => flag),
];

/** A flag of true or false says the opposite of its default. */
function flagsOf(shape: object): string[] {
  return Object.keys(shape).flatMap((name) => [flagOf(name), flagOf(name).replace('--', '--no-')]);
}

const PROGRAMS = {
  train: flagsIn('apps/trainer/src/cli/program.ts'),
  eval: flagsIn('apps/eval/src/cli.ts'),
  data: flagsIn('packages/data/src/commands/program.ts'),
  worker: flagsIn('apps/worker/src/cli/program.ts'),
  lm: [...flagsIn('apps/lm/src/cli/program.ts'), ...flagsOf(lmServeOptions.shape), ...flagsOf(sftOptions.shape)],
  serve: ['--help', '--version', ...flagsOf(serveOptions.shape)],
};
