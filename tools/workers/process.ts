// expctr-worker from source: a process that `workers.ts` starts, kills and pauses.
import { main } from '@expctr/worker';

process.exitCode = await main(process.argv.slice(2));
