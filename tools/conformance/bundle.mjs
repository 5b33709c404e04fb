// Bundles tfjs-core's specs with the backend, so that both use one copy of tfjs-core.
import { mkdirSync } from 'node:fs';
import { build } from 'esbuild';

const FOLDER = 'node_modules/.cache/conformance';

const ENTRY = `
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import { onnxBackend } from './packages/tfjs-backend-onnx/src/backend.ts';
import { lowerings } from './packages/tfjs-backend-onnx/src/lowerings/index.ts';
// the caller registers the backend: it may change the table first
export { onnxBackend, lowerings };
setTestEnvs([{ name: 'onnx', backendName: 'onnx', flags: {}, isDataSync: true }]);
// a require, because imports would run before the environment is set
require('@tensorflow/tfjs-core/dist/tests');
`;

/** Writes the bundle and returns its absolute path. */
export async function bundleSpecs() {
  mkdirSync(FOLDER, { recursive: true });
  const outfile = `${process.cwd()}/${FOLDER}/specs.mjs`;
  await build({
    stdin: { contents: ENTRY, resolveDir: process.cwd(), sourcefile: 'conformance-entry.js' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@expctr/source'],
    // tfjs's modules, not its prebuilt files: those hold a second copy of tfjs-core
    mainFields: ['module', 'main'],
    // the suite is marked free of side effects
    ignoreAnnotations: true,
    external: ['onnxruntime-node', 'onnxruntime-node/*', 'onnxruntime-common', 'jasmine-core', 'jasmine-core/*'],
    banner: {
      js: "import { createRequire as conformanceRequire } from 'node:module'; const require = conformanceRequire(import.meta.url);",
    },
    outfile,
    logLevel: 'error',
  });
  return outfile;
}
