/** What the page does. Everything that comes from data goes in as text, never as markup. */
export const script = `
const at = (id) => document.getElementById(id);
const make = (tag, text, name) => { const made = document.createElement(tag); made.textContent = text; if (name) made.className = name; return made; };
let newest = 0;

async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const value = await answer.json();
  if (!answer.ok) throw value.error;
  return value;
}

function fill(select, entries, kept) {
  select.replaceChildren(...entries.map(({ value, label }) => { const option = make('option', label); option.value = value; return option; }));
  if (entries.some(({ value }) => value === kept)) select.value = kept;
}

async function listUsers() {
  const { users, total } = await ask('/v1/users?limit=1000&search=' + encodeURIComponent(at('find-user').value));
  fill(at('user'), users.map(({ id }) => ({ value: id, label: id })), at('user').value);
  at('users').textContent = users.length + ' of ' + total;
  await listItems();
}

async function listItems() {
  const user = at('user').value;
  if (user === '') return fill(at('item'), []);
  const { items, total } = await ask('/v1/items?limit=1000&user=' + encodeURIComponent(user) + '&search=' + encodeURIComponent(at('find-item').value));
  const label = ({ id, title, explained }) => (title || id) + (explained ? '' : ' (not explained by the run)');
  fill(at('item'), items.map((item) => ({ value: item.id, label: label(item) })), at('item').value);
  at('items').textContent = items.filter(({ explained }) => explained).length + ' explained, of ' + total;
}

function bar(id, probability) {
  const row = at(id);
  row.hidden = false;
  row.querySelector('.fill').style.width = probability === null ? '0' : 100 * probability + '%';
  row.querySelector('output').textContent = probability === null ? 'none' : probability.toFixed(3);
}

function itemLine({ title, item, attributes, year, shared = {} }) {
  const line = make('li', '');
  line.append(make('div', (title || item || 'unnamed') + (year === null || title.includes(String(year)) ? '' : ', ' + year)));
  for (const [name, values] of Object.entries(attributes)) for (const value of values) {
    line.append(make('span', value, (shared[name] || []).includes(value) ? 'tag shared' : 'tag'));
  }
  return line;
}

const show = {
  evidence({ target, liked, disliked }) {
    at('target').replaceChildren(itemLine(target));
    for (const [id, list] of [['liked', liked], ['disliked', disliked]]) {
      at(id).replaceChildren(...(list.length === 0 ? [make('li', 'nothing', 'quiet')] : list.map(itemLine)));
      at(id + '-count').textContent = list.length;
    }
  },
  text({ text }) { at('text').textContent = text; },
  explanation({ text, source, cached, readerProbability }) {
    at('text').textContent = text;
    const whence = source === 'stored' ? 'written by the run' : cached ? 'written by the language model before' : 'written by the language model now';
    at('source').textContent = whence + (readerProbability === null ? '' : '; the reader takes it for a yes with ' + readerProbability.toFixed(3));
  },
  prediction({ withExplanation, withoutExplanation }) { bar('with', withExplanation); bar('without', withoutExplanation); },
  answer({ model }) { at('model').textContent = (model.predictor || 'a model') + ', version ' + model.version; },
  error({ error }) { problem(error); },
};

function problem({ what, where, expected, remedy }) {
  const parts = [where === undefined ? what : where + ': ' + what, expected && 'Expected: ' + expected, remedy && 'To mend it: ' + remedy];
  at('problem').textContent = parts.filter(Boolean).join('. ');
}

async function explain() {
  const mine = ++newest;
  const pair = { user: at('user').value, item: at('item').value };
  at('problem').textContent = at('text').textContent = at('source').textContent = '';
  for (const id of ['liked', 'disliked', 'target']) at(id).replaceChildren();
  at('with').hidden = at('without').hidden = true;
  at('result').hidden = false;
  document.body.dataset.state = 'asking';
  const answer = await fetch('/v1/explain', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...pair, stream: true }) });
  if (!answer.ok) {
    problem((await answer.json()).error);
    const { probabilities } = await ask('/v1/predict', { rows: [pair], explanation: 'none' });
    return bar('without', probabilities[0]);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done || mine !== newest) break;
    text += value;
    const events = text.split('\\n\\n');
    text = events.pop();
    for (const event of events) {
      const [name, data] = event.split('\\n').map((line) => line.slice(line.indexOf(': ') + 2));
      show[name](JSON.parse(data));
    }
  }
}

const guarded = (work) => async (event) => {
  event?.preventDefault();
  try { await work(); document.body.dataset.state = 'ready'; }
  catch (error) { problem(error.what === undefined ? { what: 'the server does not answer' } : error); document.body.dataset.state = 'failed'; }
};
at('find-user').addEventListener('input', guarded(listUsers));
at('find-item').addEventListener('input', guarded(listItems));
at('user').addEventListener('change', guarded(listItems));
at('choose').addEventListener('submit', guarded(explain));
void guarded(async () => {
  const { model } = await ask('/healthz');
  show.answer({ model });
  await listUsers();
})();
`;
