// Declarations that a page quotes are those of the code: a block that is marked `contract` holds exported types as the source has them,
// comments apart.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { repository, type CodeBlock } from './markdown.js';

/** Quotations that are not what the source says, as lines for people. */
export function wrongQuotations(blocks: readonly CodeBlock[]): string[] {
  const quoting = blocks.filter(({ marks }) => marks.includes('contract'));
  const quoted = quoting.flatMap((block) => [...declarationsIn(block.code)].map(([name, text]) => ({ block, name, text })));
  const wanted = new Set(quoted.map(({ name }) => name));
  const declared = new Map<string, string[]>();
  for (const file of sourceFiles()) {
    const code = readFileSync(file, 'utf8');
    if (![...wanted].some((name) => code.includes(name))) continue;
    for (const [name, text] of declarationsIn(code)) declared.set(name, [...(declared.get(name) ?? []), text]);
  }
  return quoted.flatMap(({ block, name, text }) => {
    const found = declared.get(name) ?? [];
    if (found.includes(text)) return [];
    return [
      `${block.file}:${block.line} ${name}: ${found.length === 0 ? 'no source declares it' : `the source says\n${found.join('\n')}`}`,
    ];
  });
}

/** Exported types of a module, by name, without comments and in one form of white space. */
export function declarationsIn(code: string): Map<string, string> {
  const file = ts.createSourceFile('quoted.ts', code, ts.ScriptTarget.Latest);
  const printer = ts.createPrinter({ removeComments: true });
  const found = new Map<string, string>();
  for (const statement of file.statements) {
    if (!ts.isInterfaceDeclaration(statement) && !ts.isTypeAliasDeclaration(statement)) continue;
    if (!statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    found.set(statement.name.text, printer.printNode(ts.EmitHint.Unspecified, statement, file));
  }
  return found;
}

function sourceFiles(): string[] {
  return ['packages', 'apps'].flatMap((place) =>
    readdirSync(join(repository, place)).flatMap((name) => {
      const source = join(repository, place, name, 'src');
      const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
      return files.map((file) => join(source, file));
    }),
  );
}
