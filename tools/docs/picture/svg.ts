// The picture itself.
import { BOX, type Layout, type Place } from './layout.js';
import type { PackageNode } from './packages.js';

/** What a box says under its name. */
const CAPTIONS: Readonly<Record<string, string>> = {
  core: 'errors, seeded streams, files',
  'tfjs-backend-onnx': 'the engine',
  hub: 'models by id, cached',
  'language-model': 'contracts, types only',
  data: 'datasets, tables, prompts',
  'llm-lora': 'models and adapters',
  ppo: 'policy optimization',
  samplers: 'rollouts on servers',
  encoder: 'texts to vectors',
  'ctr-models': 'click models',
  rewards: 'LC, IC, the reader check',
  run: 'the run folder',
  testbed: 'a world with known truth',
  eval: 'metrics and report',
  trainer: 'the method, the command',
  worker: 'millions of rows',
  serve: 'predictions over HTTP',
  lm: 'models, run and tuned',
  'app-kit': 'server, flags, progress',
};

/** An SVG of boxes and of arrows to what each stands on. */
export function drawPackages(nodes: readonly PackageNode[], { boxes, lines, width, height }: Layout): string {
  const arrows = lines.map(arrow);
  const drawn = nodes.map((node) => box(node, boxes.get(node.name)!));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img" aria-label="The packages and what each stands on">
  <!-- made by tools/docs/architecture-picture.ts from the package.json files -->
  <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#8b98a9"/></marker></defs>
  <rect width="100%" height="100%" rx="8" fill="#ffffff"/>
  <g fill="none" stroke="#8b98a9" stroke-width="1.4" marker-end="url(#tip)">
${arrows.map((line) => `    ${line}`).join('\n')}
  </g>
${drawn.map((each) => `  ${each}`).join('\n')}
</svg>
`;
}

/** A curve from a box down to another, straight through the rows that it passes. */
function arrow(line: readonly Place[]): string {
  let path = '';
  for (const [index, from] of line.slice(0, -1).entries()) {
    const to = line[index + 1]!;
    const [top, bottom] = [from.y + BOX.height / 2, to.y - BOX.height / 2 - (index === line.length - 2 ? 2 : 0)];
    const bend = (bottom - top) * 0.6;
    const curve = `C${round(from.x)} ${round(top + bend)} ${round(to.x)} ${round(bottom - bend)} ${round(to.x)} ${round(bottom)}`;
    path += `${index === 0 ? 'M' : 'L'}${round(from.x)} ${round(top)} ${curve} `;
  }
  return `<path d="${path.trim()}"/>`;
}

function box({ name, isApp }: PackageNode, { x, y }: Place): string {
  const caption = CAPTIONS[name];
  if (caption === undefined) throw new Error(`the picture has no caption for ${name}: add one in tools/docs/picture/svg.ts`);
  const [fill, edge] = isApp ? ['#e3edf9', '#3566a0'] : name === 'language-model' ? ['#fdf3dd', '#b07d1a'] : ['#f3f5f8', '#66758a'];
  return [
    `<g text-anchor="middle"><rect x="${round(x - BOX.width / 2)}" y="${round(y - BOX.height / 2)}" width="${BOX.width}" height="${BOX.height}" rx="7" fill="${fill}" stroke="${edge}"/>`,
    `<text x="${round(x)}" y="${round(y - 3)}" font-size="14.5" font-weight="600" fill="#1b2430">${name}</text>`,
    `<text x="${round(x)}" y="${round(y + 15)}" font-size="11.5" fill="#526072">${caption}</text></g>`,
  ].join('');
}

const round = (value: number): number => Math.round(value * 10) / 10;
