import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';

const EXAMPLE = join(import.meta.dirname, '../../examples/browser');
const ONNX_RUNTIME = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));

/** Bundles the example page and the check into a folder, with ONNX Runtime's WebAssembly and a model beside them. */
export async function buildSite(
  folder: string,
  model: string,
  { prompt, examples }: { readonly prompt: string; readonly examples: string },
): Promise<void> {
  await build({
    entryPoints: {
      main: join(EXAMPLE, 'src/main.ts'),
      worker: join(EXAMPLE, 'src/worker.ts'),
      check: join(import.meta.dirname, 'tab.ts'),
    },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // the second makes ONNX Runtime's threads begin with a file of its own, not with the worker of the page
    conditions: ['@expctr/source', 'onnxruntime-web-use-extern-wasm'],
    logLevel: 'warning',
  });
  await copyFile(join(EXAMPLE, 'index.html'), join(folder, 'index.html'));
  for (const build of ['ort-wasm-simd-threaded', 'ort-wasm-simd-threaded.asyncify']) {
    for (const end of ['mjs', 'wasm']) await copyFile(join(ONNX_RUNTIME, `${build}.${end}`), join(folder, `${build}.${end}`));
  }
  await mkdir(join(folder, 'model'), { recursive: true });
  for (const name of await readdir(model)) await copyFile(join(model, name), join(folder, 'model', name));
  await writeFile(join(folder, 'check.html'), '<!doctype html><title>check</title><script type="module" src="check.js"></script>');
  await writeFile(join(folder, 'examples.txt'), examples);
  await writeFile(join(folder, 'prompt.txt'), prompt);
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Serves a folder on this machine, isolated from other pages, which memory between threads asks for. */
export async function serveSite(folder: string, port = 0): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    const name = path === '/' ? 'index.html' : path;
    readFile(join(folder, name)).then(
      (bytes) => {
        response.writeHead(200, {
          'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-embedder-policy': 'require-corp',
        });
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}
