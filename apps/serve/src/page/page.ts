import { createHash } from 'node:crypto';
import { script } from './script.js';
import { style } from './style.js';

const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** What the page may load: itself, and answers of its own server. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${sourceOf(style)}`,
  `script-src ${sourceOf(script)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const bar = (id: string, label: string): string =>
  `<div class="bar" id="${id}" hidden><span>${label}</span><div class="track"><div class="fill"></div></div><output></output></div>`;

const list = (id: string, label: string): string => `<h3>${label}</h3><ul id="${id}"></ul>`;

/** A page to try a server: user and item from lists, the explanation beside what it rests on, the prediction with it and without. */
export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>expctr-serve</title>
<style>${style}</style>
</head>
<body>
<header><h1>Why this item?</h1><span class="quiet" id="model"></span></header>
<main>
<form id="choose">
<label><span>User, <span id="users"></span></span><input id="find-user" type="search" placeholder="find" aria-label="find a user"><select id="user" aria-label="user"></select></label>
<label><span>Item, <span id="items"></span></span><input id="find-item" type="search" placeholder="find" aria-label="find an item"><select id="item" aria-label="item"></select></label>
<button type="submit">Explain</button>
</form>
<p id="problem" role="alert"></p>
<div class="columns" id="result" hidden>
<section aria-live="polite"><h2>Explanation</h2><p id="text"></p><p class="quiet" id="source"></p>
<h3>Probability that the user chooses the item</h3>${bar('with', 'with the explanation')}${bar('without', 'without it')}</section>
<section><h2>What it rests on</h2>${list('target', 'The item')}${list('liked', 'Liked before, newest first (<span id="liked-count"></span>)')}${list('disliked', 'Not liked (<span id="disliked-count"></span>)')}</section>
</div>
</main>
<script>${script}</script>
</body>
</html>
`;
