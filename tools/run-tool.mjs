// Builds everything, then runs a tool by its name: `npm run bench -- engine`, `npm run experiment -- stage1-learns`.
import { readdirSync } from 'node:fs';
import { build, run } from './build.mjs';

const [folder, name, ...args] = process.argv.slice(2);
const scripts = readdirSync(`tools/${folder}`).filter((file) => file.endsWith('.mjs'));
if (!scripts.includes(`${name}.mjs`)) {
  process.stderr.write(`usage: npm run ${folder === 'bench' ? 'bench' : 'experiment'} -- NAME [options]; the first lines of tools/${folder}/NAME.mjs explain them\n`);
  process.stderr.write(`there ${name === undefined ? 'are' : `is no "${name}"; there are`} ${scripts.map((file) => file.slice(0, -4)).join(', ')}\n`);
  process.exit(2);
}
build();
run(`tools/${folder}/${name}.mjs`, args);
