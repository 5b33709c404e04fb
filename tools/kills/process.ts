// A process that begins the short run or goes on with it: the child that `kills.ts` kills.
import { runFolder } from '@expctr/run';
import { beginOrResume } from './short-run.js';

process.stdout.write('loaded\n');
await beginOrResume(runFolder(process.argv[2]!));
process.stdout.write('done\n');
