// Runs tfjs-core's own jasmine suite against the onnx backend, evaluated lazily.
//
// usage: npm run conformance [-- --grep TEXT] [--break KERNEL=OTHER] [--device NAME] [--verbose]
//   --grep TEXT            only specs whose full name holds TEXT
//   --break KERNEL=OTHER   control: compute KERNEL as OTHER, which must make specs fail (Tanh=Sinh: about a dozen)
//   --device NAME          where every operation is evaluated: cpu (default), webgpu, cuda, coreml, directml
//   --verbose              print each failure's whole stack
//
// Ends with the line "N passed, N failed, N excluded", and with status 1 if a spec failed or an exclusion did not end as its reason says.
import type { KernelBackend, NamedAttrMap, NamedTensorInfoMap } from '@tensorflow/tfjs-core';
import type { Device } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wrongUse } from '../common/arguments.js';
import { loadSpecs, type SpecBundle } from './bundle.js';
import { EXCLUSIONS, type Reason } from './exclusions.js';
import { startJasmine } from './jasmine.js';
import { report, type Finding } from './report.js';

const { values: options } = toolArguments({
  grep: { type: 'string' },
  break: { type: 'string' },
  device: { type: 'string' },
  verbose: { type: 'boolean', default: false },
});
const started = performance.now();
const jasmine = startJasmine();
const { tf, useOnnx } = await loadSpecs();
await useOnnx(options.device === undefined ? {} : { device: options.device as Device, lazy: true });
if (options.break !== undefined) {
  breakKernel(tf, options.break);
  process.stdout.write(`control: ${options.break.replace('=', ' is computed as ')}\n`);
}

// what the backend does not compute itself is counted, so that it can be seen
let kernelsOnHost = new Set<string>();
watchHostKernels(tf.findBackend('onnx'), (kernel) => kernelsOnHost.add(kernel));

// the specs are noisy: tfjs's profiler, progress and warnings
const print = (text: string): void => void process.stdout.write(text);
for (const method of ['log', 'warn', 'info', 'error', 'debug', 'table'] as const) console[method] = () => undefined;

const reasonOf = new Map(
  (Object.keys(EXCLUSIONS) as Reason[]).flatMap((reason) => EXCLUSIONS[reason].specs.map((name) => [name, reason] as const)),
);
const results: Finding[] = [];
jasmine.configure({ random: false, specFilter: (spec) => options.grep === undefined || spec.getFullName().includes(options.grep) });
jasmine.addReporter({
  specStarted: () => void (kernelsOnHost = new Set()),
  specDone(result) {
    const { status } = result;
    if (status === 'excluded') return;
    const name = result.fullName.replace(' onnx {}', '');
    const reason = reasonOf.get(name);
    const asItMust = reason === undefined ? status === 'passed' : EXCLUSIONS[reason].verify(result);
    const outcome = !asItMust ? 'failed' : reason === undefined ? 'passed' : 'excluded';
    results.push({ name, reason, outcome, status, errors: result.failedExpectations, kernelsOnHost: [...kernelsOnHost] });
  },
});
const overall = await jasmine.execute();
process.exitCode = report({
  results,
  overall,
  reasonOf,
  some: options.grep !== undefined,
  verbose: options.verbose,
  seconds: (performance.now() - started) / 1000,
  print,
});

/** Computes one kernel as another. */
function breakKernel({ getKernel, registerKernel, unregisterKernel }: SpecBundle['tf'], choice: string): void {
  const [kernel = '', other = ''] = choice.split('=');
  const wrong = getKernel(other, 'onnx') as ReturnType<typeof getKernel> | undefined;
  if (getKernel(kernel, 'onnx') === undefined || wrong === undefined)
    return wrongUse(`--break wants two kernels of tfjs, as Tanh=Sinh; got "${choice}"`);
  unregisterKernel(kernel, 'onnx');
  registerKernel({ ...wrong, kernelName: kernel });
}

/** Calls `note` for every kernel of text, and for every one that the backend refuses to put into a graph and the host computes. */
function watchHostKernels(backend: KernelBackend, note: (kernel: string) => void): void {
  type Record = (kernel: string, entry: { readonly outside?: string }, inputs: NamedTensorInfoMap, attributes: NamedAttrMap) => unknown;
  const watched = backend as KernelBackend & { record: Record };
  const record = watched.record.bind(watched);
  watched.record = (kernel, entry, inputs, attributes) => {
    const text = [attributes, ...Object.values(inputs)].some((each) => each?.dtype === 'string');
    if (text || entry.outside === 'host') note(kernel);
    return record(kernel, entry, inputs, attributes);
  };
}
