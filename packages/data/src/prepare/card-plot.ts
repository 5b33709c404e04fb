import type { CardTail, DatasetCard } from './card.js';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [640, 300, 56, 40, 12, 96];

/** Train rows by rank of items and of users, both axes logarithmic, as inline SVG. Empty without train rows. */
export function tailPlot({ items, users }: DatasetCard['longTail']): string {
  const all = [...items.curve, ...users.curve];
  if (all.length === 0) return '';
  const decades = (values: readonly number[]): number => Math.max(1, Math.ceil(Math.log10(Math.max(...values))));
  const [acrossDecades, upDecades] = [decades(all.map(([rank]) => rank)), decades(all.map(([, rows]) => rows))];
  const x = (rank: number): string => (LEFT + (Math.log10(rank) / acrossDecades) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (rows: number): string => (HEIGHT - BOTTOM - (Math.log10(rows) / upDecades) * (HEIGHT - BOTTOM - TOP)).toFixed(1);
  const ticks = (count: number, draw: (value: number) => string): string =>
    Array.from({ length: count + 1 }, (_, i) => draw(10 ** i)).join('');
  const grid = [
    ticks(
      acrossDecades,
      (value) => line(x(value), TOP, x(value), HEIGHT - BOTTOM) + label(x(value), HEIGHT - BOTTOM + 16, 'middle', value),
    ),
    ticks(upDecades, (value) => line(LEFT, y(value), WIDTH - RIGHT, y(value)) + label(LEFT - 6, Number(y(value)) + 4, 'end', value)),
  ].join('');
  const curve = ({ curve: points }: CardTail, name: string, color: string): string => {
    const [rank, rows] = points.at(-1) ?? [1, 1];
    return `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.map(([r, n]) => `${x(r)},${y(n)}`).join(' ')}"/><text x="${Number(x(rank)) + 6}" y="${Number(y(rows)) + 4}" fill="${color}">${name}</text>`;
  };
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img" aria-label="Train rows by rank" font-family="system-ui,sans-serif" font-size="12">${grid}${curve(items, 'items', '#2b7bba')}${curve(users, 'users', '#d9822b')}<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle" fill="currentColor">rank</text><text x="14" y="${(HEIGHT - BOTTOM) / 2}" text-anchor="middle" fill="currentColor" transform="rotate(-90 14 ${(HEIGHT - BOTTOM) / 2})">train rows</text></svg>`;
}

function line(x1: string | number, y1: string | number, x2: string | number, y2: string | number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#8884"/>`;
}

function label(x: string | number, y: number, anchor: 'middle' | 'end', value: number): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="currentColor">${value >= 1e6 ? `${value / 1e6}M` : value >= 1e3 ? `${value / 1e3}k` : value}</text>`;
}
