// Runs tfjs-core's own suite against the onnx backend.
// usage: npm run conformance [-- --grep TEXT]
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';
import { bundleSpecs } from './bundle.mjs';

const { values: options } = parseArgs({ options: { grep: { type: 'string' }, json: { type: 'string' } } });
const jasmine = createRequire(import.meta.url)('jasmine-core').boot();
await import(await bundleSpecs());
const env = jasmine.getEnv();
env.configure({ random: false, specFilter: (spec) => options.grep === undefined || spec.getFullName().includes(options.grep) });
const specs = [];
env.clearReporters?.();
env.addReporter({
  specDone: (result) => {
    if (result.status !== 'excluded') specs.push(result);
  },
  suiteDone: (r) => {
    if (r.failedExpectations.length) console.log('SUITE', r.fullName, r.failedExpectations[0].message);
  },
});
const t0 = performance.now();
await env.execute();
console.log(((performance.now() - t0) / 1000).toFixed(1), 's');
const count = (status) => specs.filter((s) => s.status === status).length;
if (options.json)
  writeFileSync(
    options.json,
    JSON.stringify(
      specs
        .filter((s) => s.status === 'failed')
        .map((s) => ({
          name: s.fullName,
          messages: s.failedExpectations.map((e) => e.message),
          stack: s.failedExpectations[0]?.stack?.split('\n').slice(0, 12),
        })),
    ),
  );
console.log(`${count('passed')} passed, ${count('failed')} failed, 0 excluded; ${count('pending')} pending`);
