// Holds the project's programs on WebGPU to the processor's numbers, and says what ONNX Runtime computes where.
//
// usage: npm run webgpu [-- --icd FILE] [--conformance]
//   --icd FILE      the description of a software Vulkan driver, such as /usr/lib/chromium/vk_swiftshader_icd.json of Debian's chromium
//                   (with libvulkan1 installed): it computes what a GPU would, slowly. Without it the machine's own GPU is taken.
//   --conformance   tfjs-core's own suite behind it, every operation evaluated on WebGPU
// Ends with status 1 if a number is farther from the processor's than its bound.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { run } from '../build.js';
import { toolArguments, wrongUse } from '../common/arguments.js';
import { processor, timed } from '../common/measure.js';
import { placesOf, type Places } from './node-places.js';
import { PROGRAMS } from './programs.js';

const { values } = toolArguments({ icd: { type: 'string' }, conformance: { type: 'boolean', default: false } });
if (values.icd !== undefined) {
  if (!existsSync(values.icd)) wrongUse(`--icd: there is no ${values.icd}`);
  // read by the Vulkan loader and by ONNX Runtime when the first session starts
  process.env['VK_ICD_FILENAMES'] = values.icd;
  process.env['ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER'] = '1';
}
console.log(`${processor()}${values.icd === undefined ? '' : `; WebGPU by ${values.icd}`}\n`);
console.log('| program | numbers | largest difference | bound | cpu s | webgpu s |\n| --- | ---: | ---: | ---: | ---: | ---: |');
const all = new Map<string, Map<string, number>>();
let failed = false;
for (const { name, bound, run: compute } of PROGRAMS) {
  await useOnnx({ device: 'cpu' });
  const expected = await timed(compute);
  await useOnnx({ device: 'webgpu' });
  let actual = expected;
  add(await placesOf(async () => (actual = await timed(compute))));
  const difference = largestDifference(actual.result, expected.result);
  failed ||= !(difference <= bound);
  const seconds = [expected, actual].map(({ milliseconds }) => (milliseconds / 1000).toFixed(1));
  console.log(`| ${[name, expected.result.length, difference.toExponential(1), bound.toExponential(0), ...seconds].join(' | ')} |`);
}
console.log('\nOperators by execution provider, with how often they ran:');
for (const [provider, operators] of all) {
  const counts = [...operators].sort(([, a], [, b]) => b - a).map(([operator, times]) => `${operator} ${times}`);
  console.log(`  ${provider}: ${counts.join(', ')}`);
}
if (failed) process.exitCode = 1;
console.log(failed ? '\nFAILED: a difference is above its bound' : '\nall within their bounds');
if (values.conformance) run(join(import.meta.dirname, '../conformance/suite.ts'), ['--device', 'webgpu'], process.execArgv);
process.exit();

function add(places: Places): void {
  for (const [provider, operators] of places) {
    const sums = all.get(provider) ?? new Map<string, number>();
    for (const [operator, times] of operators) sums.set(operator, (sums.get(operator) ?? 0) + times);
    all.set(provider, sums);
  }
}

/** Relative to the largest number; infinite where there are others than expected. */
function largestDifference(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  const scale = expected.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  return expected.reduce((most, each, at) => Math.max(most, Math.abs(each - actual[at]!)), 0) / scale;
}
