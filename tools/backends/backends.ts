// The tfjs backends on which model code runs: how each is loaded, and how to get one that is missing.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';

/** Loads an optional package by name, from here, from NODE_PATH, or from the folder given. It registers its backend with the tfjs engine, of which there is one in a process. */
function load(name: string, folder?: string): void {
  const require = createRequire(folder === undefined ? import.meta.url : `${resolve(folder)}/`);
  const path = require.resolve(name);
  const { warn } = console;
  // a second copy of tfjs-core registers its gradients again, and says so for each
  console.warn = () => undefined;
  try {
    require(path);
  } finally {
    console.warn = warn;
  }
}

// libtensorflow writes its build options otherwise
process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';

/** A tfjs backend. */
interface BackendEntry {
  /** Tfjs's name of it. */
  readonly name: string;
  /** How to get it. */
  readonly get: string;
  /** Makes it the active one. @param tfjsNode where tfjs-node is installed, if not here */
  readonly use: (tfjsNode?: string) => Promise<unknown>;
}

/** A name in the table below. */
export type BackendTitle = keyof typeof backends;

/** The backends. */
export const backends = {
  onnx: { name: 'onnx', get: 'it is part of this project', use: () => useOnnx() },
  cpu: { name: 'cpu', get: 'it is part of @tensorflow/tfjs', use: () => tf.setBackend('cpu') },
  wasm: {
    name: 'wasm',
    get: 'npm install @tensorflow/tfjs-backend-wasm@4.22.0',
    use: () => {
      load('@tensorflow/tfjs-backend-wasm');
      return tf.setBackend('wasm');
    },
  },
  'tfjs-node': {
    name: 'tensorflow',
    get: 'npm install @tensorflow/tfjs-node@4.22.0, which downloads libtensorflow; for an installation elsewhere, --tfjs-node FOLDER or NODE_PATH',
    use: (tfjsNode) => {
      load('@tensorflow/tfjs-node', tfjsNode);
      return tf.setBackend('tensorflow');
    },
  },
  'tfjs-node-gpu': {
    name: 'tensorflow',
    get: 'npm install @tensorflow/tfjs-node-gpu@4.22.0 on a machine with CUDA, which downloads libtensorflow; or --tfjs-node FOLDER, or NODE_PATH',
    use: (tfjsNode) => {
      load('@tensorflow/tfjs-node-gpu', tfjsNode);
      return tf.setBackend('tensorflow');
    },
  },
} satisfies Record<string, BackendEntry>;

/** Their names. */
export const backendTitles = Object.keys(backends) as BackendTitle[];

/** Makes a backend the active one. Returns why it is missing and how to get it, or undefined where it is there. */
export async function activate(title: BackendTitle, tfjsNode: string | undefined): Promise<string | undefined> {
  const { name, get, use }: BackendEntry = backends[title];
  try {
    await use(tfjsNode);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') return `the backend ${title} is not installed; ${get}`;
    return `the backend ${title} is installed, but did not load: ${message.split('\n')[0]}; ${get}`;
  }
  return tf.getBackend() === name ? undefined : `the backend ${title} did not start; ${get}`;
}
