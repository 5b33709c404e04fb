import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { EXIT, failWith, printableJson, printableLines, writeFileAtomic, type ExitStatus } from '@expctr/core';
import { packageVersion } from '@expctr/core/node';
import { runFolder } from '@expctr/run';
import { evaluateRun } from './evaluate-run.js';
import { FILES } from './read/files.js';
import { comparisonPage, type NamedMetrics } from './report/comparison-page.js';
import { comparisonText, runText } from './terminal/tables.js';

/** Where the command line writes. */
export interface Output {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/**
 * The command `expctr-eval RUN [RUN...] [--json] [--html FILE]`.
 *
 * @param argv arguments after the program's name
 * @returns exit status: 0 done, 1 failed, 2 wrong use
 */
export async function runCli(argv: readonly string[], terminal: Output): Promise<ExitStatus> {
  // What is printed may quote names and messages from files.
  const output: Output = { out: (text) => terminal.out(printableLines(text)), error: (text) => terminal.error(printableLines(text)) };
  const program = new Command('expctr-eval')
    .description(`Evaluates runs of expctr-train: writes ${FILES.metrics} and ${FILES.report} into each RUN and prints a table.`)
    .argument('<RUN...>', 'run folders; several are compared in one table')
    .option('--json', 'print the metrics as JSON instead of a table: an object for one RUN, an object by RUN for several')
    .option('--html <FILE>', 'also write the report (one RUN) or the comparison (several) to FILE')
    .helpOption('--help', 'show this help')
    .version(packageVersion(import.meta.url) ?? 'unknown', '--version', 'print the version and end')
    .addHelpText('after', '\nExit status: 0 done, 1 failed, 2 wrong use.')
    .showHelpAfterError('(expctr-eval --help says more)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text.trimEnd()), writeErr: (text) => output.error(text.trimEnd()) })
    .action(async (folders: string[], options: { json?: boolean; html?: string }) => {
      await evaluate(folders, options, output);
    });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    return failWith(error, (text) => output.error(text.trimEnd()));
  }
  return EXIT.done;
}

async function evaluate(
  folders: readonly string[],
  { json = false, html }: { json?: boolean; html?: string },
  { out }: Output,
): Promise<void> {
  const runs: NamedMetrics[] = [];
  const names = shortNames(folders);
  for (const [at, folder] of folders.entries()) runs.push({ name: names[at] ?? folder, metrics: await evaluateRun(folder) });
  const [first] = runs;
  const single = runs.length === 1 ? first : undefined;
  if (html !== undefined) {
    await writeFileAtomic(html, single === undefined ? comparisonPage(runs) : await readFile(runFolder(folders[0] ?? '').report));
  }
  if (json) {
    out(
      printableJson(
        single === undefined ? Object.fromEntries(runs.map(({ metrics }, at) => [folders[at] ?? '', metrics])) : single.metrics,
      ),
    );
    return;
  }
  out(single === undefined ? comparisonText(runs) : runText(single.metrics));
  out(
    ['', ...folders.map((folder) => `report: ${runFolder(folder).report}`), ...(html === undefined ? [] : [`written: ${html}`])].join('\n'),
  );
}

/** Folder names; with their parents where two are alike, in full where that does not help. */
function shortNames(folders: readonly string[]): string[] {
  const full = folders.map((folder) => resolve(folder));
  const forms = [full.map((path) => basename(path)), full.map((path) => `${basename(dirname(path))}/${basename(path)}`)];
  return forms.find((names) => new Set(names).size === names.length) ?? [...folders];
}
