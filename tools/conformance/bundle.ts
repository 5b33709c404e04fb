// Bundles tfjs-core's specs with the backend, so that both use one copy of tfjs-core.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as core from '@tensorflow/tfjs-core';
import type { useOnnx } from '@expctr/tfjs-backend-onnx';
import { build } from 'esbuild';

const FOLDER = 'node_modules/.cache/conformance';

/** What the bundle exports: the copy of tfjs-core that the specs use, and the backend on it. */
export interface SpecBundle {
  readonly tf: typeof core;
  readonly useOnnx: typeof useOnnx;
}

const ENTRY = `
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
export * as tf from '@tensorflow/tfjs-core';
export { useOnnx } from '@expctr/tfjs-backend-onnx';
setTestEnvs([{ name: 'onnx', backendName: 'onnx', flags: {}, isDataSync: true }]);
// a require, because imports would run before the environment is set
require('@tensorflow/tfjs-core/dist/tests');
`;

/** Makes the bundle and loads it, which defines the specs: jasmine's globals must be there. */
export async function loadSpecs(): Promise<SpecBundle> {
  mkdirSync(FOLDER, { recursive: true });
  const outfile = resolve(FOLDER, 'specs.mjs');
  await build({
    stdin: { contents: ENTRY, resolveDir: import.meta.dirname, sourcefile: 'conformance-entry.js' },
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
  return (await import(pathToFileURL(outfile).href)) as SpecBundle;
}
