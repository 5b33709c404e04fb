// `npm start`: builds what has changed, then runs the pipeline on the embedded default. Further arguments go to expctr-train.
import { build, run } from './build.js';

build('@expctr/trainer');
const given = process.argv.slice(2);
const chosen = given.some((argument) => /^--(preset|config|dataset|resume|help|schema)\b/u.test(argument));
run('apps/trainer/bin/expctr-train.js', chosen ? given : ['--preset', 'testbed', ...given]);
