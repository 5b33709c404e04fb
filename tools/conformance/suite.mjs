// Runs tfjs-core's own jasmine suite against the onnx backend, evaluated lazily.
//
// usage: npm run conformance [-- --grep TEXT] [--break KERNEL=OTHER] [--verbose]
//   --grep TEXT            only specs whose full name holds TEXT
//   --break KERNEL=OTHER   control: lower KERNEL as OTHER, which must make specs fail (Tanh=Sinh: about a dozen)
//   --verbose              print each failure's whole stack
//
// Ends with the line "N passed, N failed, N excluded", and with status 1 if a spec failed or an exclusion did not end as its reason says.
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { bundleSpecs } from './bundle.mjs';
import { exclusions, reasons } from './exclusions.mjs';
import { report } from './report.mjs';

const { values: options } = parseArgs({
  options: { grep: { type: 'string' }, break: { type: 'string' }, verbose: { type: 'boolean', default: false } },
});
const started = performance.now();
const jasmine = createRequire(import.meta.url)('jasmine-core').boot();
const { onnxBackend, lowerings } = await import(await bundleSpecs());

if (options.break !== undefined) {
  const [kernel, other] = options.break.split('=');
  if (!(kernel in lowerings) || !(other in lowerings)) {
    process.stderr.write(`--break wants two kernels of tfjs, as Tanh=Sinh; got ${options.break}\n`);
    process.exit(2);
  }
  lowerings[kernel] = lowerings[other];
  process.stdout.write(`control: ${kernel} is lowered as ${other}\n`);
}

// what the backend does not compute itself is counted, so that it can be seen
const backend = onnxBackend();
let kernelsOnHost = new Set();
const record = backend.record.bind(backend);
backend.record = (kernel, entry, inputs, attributes) => {
  const text = attributes.dtype === 'string' || Object.values(inputs).some((input) => input?.dtype === 'string');
  if (text || entry.outside === 'host') kernelsOnHost.add(kernel);
  return record(kernel, entry, inputs, attributes);
};

// the specs are noisy: tfjs's profiler, progress and warnings
const print = process.stdout.write.bind(process.stdout);
for (const method of ['log', 'warn', 'info', 'error', 'debug', 'table']) console[method] = () => undefined;

const reasonOf = new Map(Object.entries(exclusions).flatMap(([reason, names]) => names.map((name) => [name, reason])));
const results = [];
const env = jasmine.getEnv();
env.configure({ random: false, specFilter: (spec) => options.grep === undefined || spec.getFullName().includes(options.grep) });
env.addReporter({
  specStarted: () => (kernelsOnHost = new Set()),
  specDone(result) {
    if (result.status === 'excluded') return;
    const name = result.fullName.replace(' onnx {}', '');
    const reason = reasonOf.get(name);
    const outcome =
      reason === undefined ? (result.status === 'passed' ? 'passed' : 'failed') : reasons[reason].verify(result) ? 'excluded' : 'failed';
    results.push({ name, reason, outcome, kernelsOnHost: [...kernelsOnHost], status: result.status, errors: result.failedExpectations });
  },
});
const overall = await env.execute();
process.exitCode = report({ results, overall, reasonOf, options, print, seconds: (performance.now() - started) / 1000 });
