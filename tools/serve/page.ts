// Opens the page of a server in a real Chromium, chooses a user and an item, asks for the explanation, holds what is shown against the answer
// of the server, and takes a screenshot of it.
//
// usage: npm run tool -- tools/serve/page.ts URL [--chromium chromium] [--out page.png] [--user ID] [--item ID] [--width 1100] [--height 900]
//   URL         of a server: npx expctr-serve RUN prints it
//   --user      to choose; default the first of the list. --item likewise: the first that the run explained
import { writeFile } from 'node:fs/promises';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { until, withChromium } from '../common/chromium.js';

const { values, positionals } = toolArguments(
  {
    chromium: { type: 'string', default: 'chromium' },
    out: { type: 'string', default: 'page.png' },
    user: { type: 'string' },
    item: { type: 'string' },
    width: { type: 'string', default: '1100' },
    height: { type: 'string', default: '900' },
  },
  1,
);
const [url = wrongUse('no URL is given')] = positionals;
const size = [wholeNumber('--width', values.width), wholeNumber('--height', values.height)] as const;

const choose = (id: string, value: string): string =>
  `(() => { const list = document.getElementById(${JSON.stringify(id)}); list.value = ${JSON.stringify(value)}; list.dispatchEvent(new Event('change')); return list.value; })()`;

await withChromium(values.chromium, size, async (tools) => {
  await tools.open(url);
  await until(tools, 'its lists are filled', `document.body.dataset.state === 'ready' && document.getElementById('item').options.length`);
  if (values.user !== undefined) {
    await tools.evaluate(choose('user', values.user));
    await until(tools, 'the items of that user', `document.getElementById('items').textContent !== ''`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  if (values.item !== undefined) await tools.evaluate(choose('item', values.item));
  await tools.evaluate(`(document.body.dataset.state = 'asking', document.querySelector('button').click())`);
  await until(tools, 'an explanation is shown', `document.body.dataset.state === 'ready'`);
  const shown = await tools.evaluate<Record<string, string>>(`(() => {
    const text = (id) => document.getElementById(id).textContent;
    const bar = (id) => document.querySelector('#' + id + ' output').textContent;
    return { user: document.getElementById('user').value, item: document.getElementById('item').value, text: text('text'), problem: text('problem'),
      with: bar('with'), without: bar('without'), liked: text('liked-count'), disliked: text('disliked-count') };
  })()`);
  await writeFile(values.out, await tools.screenshot());
  const answer = await fetch(new URL('/v1/explain', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: shown['user'], item: shown['item'] }),
  });
  if (answer.ok) {
    const { explanation, prediction, evidence } = (await answer.json()) as {
      explanation: { text: string };
      prediction: { withExplanation: number | null; withoutExplanation: number };
      evidence: { liked: unknown[]; disliked: unknown[] };
    };
    const expected = {
      text: explanation.text,
      problem: '',
      with: prediction.withExplanation?.toFixed(3) ?? 'none',
      without: prediction.withoutExplanation.toFixed(3),
      liked: String(evidence.liked.length),
      disliked: String(evidence.disliked.length),
    };
    const wrong = Object.entries(expected).filter(([name, value]) => shown[name] !== value);
    if (wrong.length > 0) throw new Error(`the page shows something else than the server says: ${JSON.stringify({ shown, expected })}`);
  } else if (shown['problem'] === '') throw new Error('the server refused, and the page does not say so');
  const complaints = tools.complaints();
  if (complaints.length > 0) throw new Error(`the browser complains: ${complaints.join('; ')}`);
  console.log(JSON.stringify(shown, null, 2));
  console.log(`the page shows what the server says; ${values.out}`);
});
