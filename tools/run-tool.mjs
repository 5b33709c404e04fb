// Builds everything, then runs a tool by its name: `npm run bench -- engine`, `npm run experiment -- stage1-learns`.
import { readdirSync, readFileSync } from 'node:fs';
import { build, run } from './build.mjs';

const [folder, name, ...args] = process.argv.slice(2);
// A tool says in its first lines how it is used; what stands beside it without such a line is a part of one.
const isTool = (file) => file.endsWith('.mjs') && readFileSync(`tools/${folder}/${file}`, 'utf8').slice(0, 800).includes('usage:');
const scripts = readdirSync(`tools/${folder}`).filter(isTool);
if (!scripts.includes(`${name}.mjs`)) {
  process.stderr.write(
    `usage: npm run ${folder === 'bench' ? 'bench' : 'experiment'} -- NAME [options]; the first lines of tools/${folder}/NAME.mjs explain them\n`,
  );
  process.stderr.write(
    `there ${name === undefined ? 'are' : `is no "${name}"; there are`} ${scripts.map((file) => file.slice(0, -4)).join(', ')}\n`,
  );
  process.exit(2);
}
build();
run(`tools/${folder}/${name}.mjs`, args);
