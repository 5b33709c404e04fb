// Lists the code blocks of the Markdown files that are checked: where each stands, and whether it compiles and runs.
//
// usage: npm run docs:blocks
import { toolArguments } from '../common/arguments.js';
import { compileBlocks } from './compile-blocks.js';
import { markdownFiles, type CodeBlock } from './markdown.js';
import { runBlocks, type BlockRun } from './run-blocks.js';

/** What is known of the blocks, one line each. */
export function blockTable(blocks: readonly CodeBlock[], wrong: ReadonlySet<CodeBlock>, runs: readonly BlockRun[]): string[] {
  return blocks.map((block) => {
    const compiled = block.language !== 'ts' ? 'JavaScript' : wrong.has(block) ? 'DOES NOT COMPILE' : 'compiled';
    const run = runs.find((each) => each.block === block);
    const ran = run === undefined ? '' : run.error === null ? `, run in ${run.seconds.toFixed(2)} s` : ', FAILED';
    return `${block.file}:${block.line}  ${compiled}${ran}`;
  });
}

/** The blocks that are TypeScript, and those in JavaScript that are to be run. */
export function checkedBlocks(): CodeBlock[] {
  const isChecked = ({ language, marks }: CodeBlock): boolean => language === 'ts' || (language === 'js' && marks.includes('run'));
  return markdownFiles().flatMap(({ blocks }) => blocks.filter(isChecked));
}

if (process.argv[1] === import.meta.filename) {
  toolArguments({});
  const blocks = checkedBlocks();
  const running = runBlocks(blocks);
  const errors = compileBlocks(blocks);
  const runs = await running;
  const lines = [
    ...blockTable(blocks, new Set(errors.map(({ block }) => block)), runs),
    ...errors.map(({ block, line, message }) => `${block.file}:${line} ${message}`),
    ...runs.flatMap(({ block, error }) => (error === null ? [] : `${block.file}:${block.line} ${error}`)),
    `${blocks.length} blocks, ${runs.length} of them run`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  process.exit(errors.length > 0 || runs.some(({ error }) => error !== null) ? 1 : 0);
}
