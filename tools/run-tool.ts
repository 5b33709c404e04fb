// Runs a tool by its name, packages from source: `npm run bench -- engine`, `npm run experiment -- stage1-learns`.
import { existsSync, readdirSync } from 'node:fs';
import { run } from './build.js';
import { usageOf } from './common/arguments.js';

const [folder = '', name, ...args] = process.argv.slice(2);
const script = (tool: string): string => `tools/${folder}/${tool}.ts`;
const isTool = (tool: string): boolean => existsSync(script(tool)) && usageOf(script(tool)) !== undefined;
if (name !== undefined && isTool(name)) run(script(name), args, process.execArgv);

const tools = readdirSync(`tools/${folder}`)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .filter(isTool);
const help = name === '--help';
(help ? process.stdout : process.stderr).write(
  `usage: npm run ${folder === 'experiments' ? 'experiment' : folder} -- NAME [options]; NAME --help explains them\n` +
    `there ${name === undefined || help ? 'are' : `is no "${name}"; there are`} ${tools.join(', ')}\n`,
);
process.exit(help ? 0 : 2);
