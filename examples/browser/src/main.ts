// The page: what is asked goes to the worker, and what it tells is shown.
import { lossChart } from './loss-chart.js';
import type { AdapterFile, Answers, FromWorker, News, Question } from './messages.js';

const at = <E extends HTMLElement = HTMLElement>(id: string): E => document.getElementById(id) as E;
const value = (id: string): string => at<HTMLInputElement>(id).value;

const worker = new Worker(new URL('worker.js', document.baseURI), { type: 'module' });
const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void; heard: (news: News) => void }>();
let questions = 0;

worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
  const asked = waiting.get(data.id)!;
  if ('news' in data) return asked.heard(data.news);
  waiting.delete(data.id);
  if ('error' in data) asked.reject(new Error(data.error));
  else asked.resolve(data.answer as never);
});

function ask<Q extends Question>(question: Q, heard: (news: News) => void = () => undefined): Promise<Answers[Q['kind']]> {
  return new Promise((resolve, reject) => {
    waiting.set((questions += 1), { resolve, reject, heard });
    worker.postMessage({ id: questions, question });
  });
}

/** Runs what a button asks for; buttons rest meanwhile, and an error is shown in words. */
function on(id: string, work: () => Promise<string>): void {
  at(id).addEventListener('click', () => void doing(work));
}

async function doing(work: () => Promise<string>): Promise<void> {
  const { body } = document;
  body.dataset['state'] = 'busy';
  at('problem').textContent = '';
  try {
    at('status').textContent = await work();
  } catch (error) {
    at('problem').textContent = error instanceof Error ? error.message : String(error);
    at('status').textContent = '';
  }
  body.dataset['state'] = at('problem').textContent === '' ? 'ready' : 'failed';
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

on('load', async () => {
  const chosen = at<HTMLInputElement>('adapter').files;
  const files: AdapterFile[] = [];
  for (const file of chosen ?? []) files.push({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
  const device = value('device') as 'cpu' | 'webgpu';
  const { model, parameters, threads } = await ask({ kind: 'load', model: value('model'), device, files }, (news) => {
    if (news.kind === 'file') at('status').textContent = `${news.name}: ${megabytes(news.bytes)}`;
  });
  document.body.dataset['model'] = 'loaded';
  const place = device === 'webgpu' ? 'WebGPU' : `${threads} thread${threads === 1 ? '' : 's'}`;
  return `${model}, ${(parameters / 1e6).toFixed(2)} million parameters, on ${place}`;
});

on('generate', async () => {
  at('text').textContent = '';
  const question = {
    kind: 'generate',
    prompt: value('prompt'),
    tokens: Number(value('tokens')),
    adapter: at<HTMLInputElement>('with').checked,
  } as const;
  const { text, tokensPerSecond } = await ask(question, (news) => {
    if (news.kind === 'text') at('text').textContent = news.text;
  });
  at('text').textContent = text;
  return `${tokensPerSecond.toFixed(0)} tokens a second`;
});

on('train', async () => {
  const losses: number[] = [];
  const question = {
    kind: 'train',
    examples: value('examples'),
    epochs: Number(value('epochs')),
    learningRate: Number(value('rate')),
  } as const;
  const { steps } = await ask(question, (news) => {
    if (news.kind !== 'step') return;
    losses.push(news.loss);
    at('losses').innerHTML = lossChart(losses, news.steps);
    at('status').textContent =
      `update ${news.step} of ${news.steps}: loss ${news.loss.toFixed(3)}, ${news.tokensPerSecond.toFixed(0)} tokens a second`;
  });
  at<HTMLInputElement>('with').checked = true;
  return `learned in ${steps} updates: loss ${losses[0]?.toFixed(3)} before, ${losses.at(-1)?.toFixed(3)} at the last one`;
});

on('save', async () => {
  const { files } = await ask({ kind: 'save' });
  Object.assign(globalThis, { saved: files }); // for who looks at the page by program
  for (const { name, bytes } of files) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes]));
    link.download = name;
    link.click();
  }
  return `saved: ${files.map(({ name, bytes }) => `${name} (${megabytes(bytes.byteLength)})`).join(', ')}; PEFT loads the two from one folder`;
});

if (!('gpu' in navigator)) at<HTMLOptionElement>('webgpu').disabled = true;
for (const id of ['prompt', 'examples']) {
  const response = await fetch(`${id}.txt`); // where whoever serves the page put some to begin with
  if (response.ok) at<HTMLTextAreaElement>(id).value = await response.text();
}
document.body.dataset['state'] = 'ready';
