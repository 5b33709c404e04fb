// Runs the engine in a real Chromium: the same work as in Node has to give the same numbers, and the example page has to load a model,
// write, learn an adapter and save it in PEFT's format.
//
// usage: npm run browser [-- --chromium PATH] [--devices cpu,webgpu] [--out page.png]
//        npm run browser -- --serve [--port 8123]
//   --devices   webgpu is computed by Chromium's software driver, slowly, where the machine has no GPU
//   --serve     only builds the example page and serves it, until Ctrl-C
// Ends with status 1 where a number is farther from Node's than its bound.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAdapter } from '@expctr/llm-lora';
import { testbedModel } from '@expctr/testbed';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { until, withChromium } from '../common/chromium.js';
import type { DevTools } from '../common/dev-tools.js';
import { processor, timed } from '../common/measure.js';
import { carefulExplanations } from './examples.js';
import { measure, type Numbers } from './measure.js';
import { buildSite, serveSite } from './site.js';

const { values } = toolArguments({
  chromium: { type: 'string', default: 'chromium' },
  devices: { type: 'string', default: 'cpu,webgpu' },
  out: { type: 'string', default: 'page.png' },
  serve: { type: 'boolean', default: false },
  port: { type: 'string' },
});

/** What differs from Node: WebAssembly adds up in another order, a GPU's driver in yet another one. */
const CASES = [
  { device: 'cpu', weights: 'float32', bound: 1e-4 },
  { device: 'cpu', weights: 'int8', bound: 1e-2 },
  { device: 'webgpu', weights: 'float32', bound: 1e-3 },
] as const;
const devices = values.devices.split(',');
const unknown = devices.find((name) => !CASES.some(({ device }) => device === name));
if (unknown !== undefined) wrongUse(`--devices: there is no ${unknown}`);
const GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

const examples = carefulExplanations(12);
const { prompt } = carefulExplanations(13).at(-1)!;
const model = await testbedModel();
const site = await mkdtemp(join(tmpdir(), 'expctr-site-'));
try {
  await buildSite(site, model, { prompt, examples: examples.map((each) => JSON.stringify(each)).join('\n') });
  const { url, server } = await serveSite(site, values.port === undefined ? 0 : wholeNumber('--port', values.port));
  if (values.serve) {
    console.log(`${url}  (Ctrl-C ends it)`);
    await new Promise((resolve) => process.once('SIGINT', resolve));
  } else await check(url);
  server.close();
} finally {
  await rm(site, { recursive: true });
}

async function check(url: string): Promise<void> {
  console.log(`${processor()}\n`);
  console.log('| in the tab | numbers | largest difference from Node | bound | same tokens | Node s | tab s |');
  console.log('| --- | ---: | ---: | ---: | --- | ---: | ---: |');
  let failed = false;
  for (const { device, weights, bound } of CASES.filter((each) => devices.includes(each.device))) {
    await useOnnx();
    const node = await timed(() => measure(model, weights, examples, prompt));
    const tab = await withChromium(
      values.chromium,
      [1100, 1000],
      async (tools) => {
        await tools.open(new URL('check.html', url).href);
        await until(tools, 'its program is there', `typeof inTab === 'function'`);
        return timed(() => tools.evaluate<Numbers>(`inTab(${JSON.stringify([device, weights, examples, prompt]).slice(1, -1)})`));
      },
      device === 'webgpu' ? GPU : undefined,
    );
    const difference = Math.max(
      ...(['before', 'losses', 'after', 'adapter'] as const).map((key) => largest(tab.result[key], node.result[key])),
    );
    const same = tab.result.tokens.join() === node.result.tokens.join();
    failed ||= !(difference <= bound) || !same;
    const count = Object.values<readonly number[]>({ ...node.result }).flat().length;
    const seconds = [node, tab].map(({ milliseconds }) => (milliseconds / 1000).toFixed(1));
    const name = `${device}, ${weights} weights`;
    console.log(`| ${[name, count, difference.toExponential(1), bound.toExponential(0), same ? 'yes' : 'NO', ...seconds].join(' | ')} |`);
  }
  await withChromium(values.chromium, [1100, 1000], (tools) => usePage(tools, url));
  if (failed) process.exitCode = 1;
  console.log(failed ? '\nFAILED: a difference is above its bound' : '\nall within their bounds');
}

/** The largest difference of two lists; infinite where they are not of one length. */
function largest(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  return actual.reduce((most, each, i) => Math.max(most, Math.abs(each - expected[i]!)), 0);
}

/** Uses the example page as somebody would, and looks at what comes out. */
async function usePage(tools: DevTools, url: string): Promise<void> {
  const { sum, refusal } = await lazily(tools, url);
  if (sum !== 14 || refusal !== 'COMPILED_SYNC') throw new Error(`outside compiled functions: ${sum}, ${refusal}`);
  await tools.open(url);
  await until(tools, 'it is ready', `document.body.dataset.state === 'ready' && document.getElementById('examples').value !== ''`);
  for (const button of ['load', 'generate', 'train', 'generate', 'save']) {
    await tools.evaluate(`(document.body.dataset.state = 'asked', document.getElementById('${button}').click())`);
    const state = await until<string>(
      tools,
      `${button} is done`,
      `['ready', 'failed'].find((each) => each === document.body.dataset.state)`,
      300,
    );
    const said = await tools.evaluate<string>(`document.getElementById('${state === 'ready' ? 'status' : 'problem'}').textContent`);
    if (state !== 'ready') throw new Error(`${button}: ${said}`);
    console.log(`${button}: ${said}`);
    if (button === 'generate') console.log(`  ${await tools.evaluate<string>(`document.getElementById('text').textContent`)}`);
  }
  await writeFile(values.out, await tools.screenshot());
  const saved = await tools.evaluate<
    readonly { name: string; text: string }[]
  >(`Promise.all([...globalThis.saved].map(async ({ name, bytes }) =>
    ({ name, text: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) })))`);
  const folder = await mkdtemp(join(tmpdir(), 'expctr-adapter-'));
  try {
    for (const { name, text } of saved) await writeFile(join(folder, name), Buffer.from(text, 'base64'));
    const { config, tensors } = await loadAdapter(folder);
    console.log(
      `Node loads the saved adapter: rank ${config.rank}, ${tensors.size} modules; ${(await readFile(join(folder, 'adapter_model.safetensors'))).length} bytes`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
  const complaints = tools.complaints();
  if (complaints.length > 0) throw new Error(`the browser complains: ${complaints.join('; ')}`);
  console.log(`the page: ${values.out}`);
}

async function lazily(tools: DevTools, url: string): Promise<{ readonly sum: number; readonly refusal: string }> {
  await tools.open(new URL('check.html', url).href);
  await until(tools, 'its program is there', `typeof lazily === 'function'`);
  return tools.evaluate(`lazily()`);
}
