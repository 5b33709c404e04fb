// Checks that no link inside the repository's Markdown or inside the built site is dead.
//
// usage: npm run tool tools/docs/check-links.ts [--site FOLDER]
// --site FOLDER   the site that TypeDoc built; default docs/api. Where it is not there, Markdown alone is checked.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { toolArguments } from '../common/arguments.js';
import { linkedPath, markdownFiles, repository } from './markdown.js';

/** Links that lead nowhere, as lines for people. Addresses of other places are not opened. */
export function deadMarkdownLinks(root = repository): string[] {
  const files = markdownFiles(root);
  const anchors = new Map(files.map((file) => [file.file, file.anchors]));
  return files.flatMap(({ file, links }) =>
    links.flatMap(({ line, text }) => {
      if (isElsewhere(text)) return [];
      const [path = '', anchor] = text.split('#');
      const target = path === '' ? file : linkedPath(file, decodeURIComponent(path)).replace(/\/$/u, '');
      const problem = !existsSync(join(root, target))
        ? 'there is no such file'
        : anchor !== undefined && anchors.get(target)?.has(anchor) === false
          ? 'the file has no such heading'
          : undefined;
      return problem === undefined ? [] : [`${file}:${line} ${text}: ${problem}`];
    }),
  );
}

/** The same for every page of a site. */
export function deadSiteLinks(site: string): { readonly dead: string[]; readonly links: number } {
  const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  const read = pages.map((name) => ({ page: resolve(site, name), html: readFileSync(join(site, name), 'utf8') }));
  const ids = new Map(read.map(({ page, html }) => [page, new Set(valuesOf(html, 'id'))]));
  const dead: string[] = [];
  let links = 0;
  for (const { page, html } of read) {
    for (const target of new Set([...valuesOf(html, 'href'), ...valuesOf(html, 'src')])) {
      if (isElsewhere(target)) continue;
      links += 1;
      const [path = '', anchor = ''] = target.split('#').map((part) => decodeURIComponent(part.replaceAll('&amp;', '&')));
      const file = path === '' ? page : resolve(dirname(page), path);
      if (!existsSync(file)) dead.push(`${relative(site, page)} ${target}: there is no such file`);
      else if (anchor !== '' && ids.get(file)?.has(anchor) === false)
        dead.push(`${relative(site, page)} ${target}: the page has no such anchor`);
    }
  }
  return { dead, links };
}

const isElsewhere = (target: string): boolean => /^(?:[a-z]+:|\/\/)/u.test(target);

function valuesOf(html: string, attribute: string): string[] {
  return [...html.matchAll(new RegExp(`\\s${attribute}="([^"]*)"`, 'gu'))].map(([, value]) => value!);
}

if (process.argv[1] === import.meta.filename) {
  const { values } = toolArguments({ site: { type: 'string', default: 'docs/api' } });
  const dead = deadMarkdownLinks();
  let counted = '';
  if (existsSync(values.site)) {
    const site = deadSiteLinks(values.site);
    dead.push(...site.dead);
    counted = ` and of ${site.links} in ${values.site}`;
  }
  process.stdout.write(`${[...dead, `${dead.length} dead links in Markdown${counted}`].join('\n')}\n`);
  process.exit(dead.length === 0 ? 0 : 1);
}
