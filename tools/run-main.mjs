// `npm start`: builds what has changed, then runs the pipeline on the embedded default. Further arguments go to expctr-train.
import { spawnSync } from 'node:child_process';

const build = spawnSync('npx', ['--no', 'nx', 'run', '@expctr/trainer:build', '--outputStyle=static'], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
if (build.status !== 0) {
  process.stderr.write(build.stdout + build.stderr);
  process.exit(1);
}
const given = process.argv.slice(2);
const args = given.some((argument) => /^--(preset|config|dataset|resume)\b/.test(argument)) ? given : ['--preset', 'demo', ...given];
const { status } = spawnSync(process.execPath, ['apps/trainer/bin/expctr-train.js', ...args], { stdio: 'inherit' });
process.exit(status ?? 1);
