// Compiles the TypeScript blocks of Markdown files, each as a module of its own, in one program.
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { repository, type CodeBlock } from './markdown.js';

/** What the compiler says of a block. */
export interface BlockError {
  readonly block: CodeBlock;
  /** Line in the Markdown file. */
  readonly line: number;
  readonly message: string;
}

/** As `tsc --init` sets them: what a reader of today compiles a block with. Packages come from source. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  customConditions: ['@expctr/source'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  moduleDetection: ts.ModuleDetectionKind.Force,
  skipLibCheck: true,
  noEmit: true,
};

/** The name of the module that a block is: `file=NAME` if it says so. Blocks of one file can import each other by it. */
export function moduleName(block: CodeBlock): string {
  const named = block.marks.find((mark) => mark.startsWith('file='))?.slice('file='.length);
  return named ?? `line-${block.line}.ts`;
}

/** Where a block is taken to stand: beside its Markdown file, so that it finds the packages that the file's folder finds. */
function placeOf(block: CodeBlock): string {
  return join(repository, block.file, '..', `${basename(block.file, '.md')}.blocks`, moduleName(block));
}

/** Everything that `tsc --strict` would say of the blocks in TypeScript. */
export function compileBlocks(blocks: readonly CodeBlock[]): BlockError[] {
  const sources = new Map(blocks.filter(({ language }) => language === 'ts').map((block) => [placeOf(block), block]));
  const host = ts.createCompilerHost(OPTIONS);
  const disk = ts.createCompilerHost(OPTIONS);
  const folders = new Set([...sources.keys()].map((path) => dirname(path)));
  host.directoryExists = (path) => folders.has(path) || disk.directoryExists?.(path) === true;
  host.fileExists = (path) => sources.has(path) || disk.fileExists(path);
  host.readFile = (path) => sources.get(path)?.code ?? disk.readFile(path);
  host.getSourceFile = (path, languageVersion) => {
    const text = host.readFile(path);
    return text === undefined ? undefined : ts.createSourceFile(path, text, languageVersion);
  };
  const program = ts.createProgram([...sources.keys()], OPTIONS, host);
  return [...sources].flatMap(([path, block]) => {
    const file = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ start, messageText }) => ({
      block,
      line: block.line + ts.getLineAndCharacterOfPosition(file, start ?? 0).line,
      message: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }));
  });
}

/** The packages that a block imports, Node's own and its neighbors apart. */
export function importedPackages({ code }: CodeBlock): string[] {
  const names = ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName);
  return [...new Set(names.filter((name) => !name.startsWith('.') && !name.startsWith('node:')).map(packageOf))];
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
