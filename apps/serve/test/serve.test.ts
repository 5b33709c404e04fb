import { afterAll, beforeAll } from 'vitest';
import { serveRun, type RunServer } from '../src/index.js';
import { makeRun, newFolder, type MadeRun } from './made-run.js';
import { explainTests } from './parts/explain.js';
import { httpTests } from './parts/http.js';
import { predictTests } from './parts/predict.js';
import { reloadTests } from './parts/reload.js';

// One file, for what a run needs takes longer to import than to test.
let run: MadeRun;
let server: RunServer;
beforeAll(async () => {
  run = await makeRun(await newFolder());
  server = await serveRun(run.folder.root, { port: 0 });
});
afterAll(() => server.stop());

const given = {
  get run() {
    return run;
  },
  get url() {
    return server.url;
  },
};
predictTests(given);
explainTests(given);
httpTests(given);
reloadTests(given);
