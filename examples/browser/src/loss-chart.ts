const [WIDTH, HEIGHT, LEFT, BOTTOM] = [560, 200, 44, 22];

/** The losses of the updates so far as SVG; they hold numbers only. @param steps updates in all */
export function lossChart(losses: readonly number[], steps: number): string {
  const top = Math.max(...losses, 1e-9) * 1.05;
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - 8) * step) / Math.max(1, steps - 1);
  const y = (loss: number): number => (HEIGHT - BOTTOM) * (1 - loss / top);
  const points = losses.map((loss, step) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(' ');
  const lines = [0, 0.25, 0.5, 0.75].map((share) => {
    const height = y(top * share).toFixed(1);
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${height}" y2="${height}"/><text x="${LEFT - 6}" y="${height}" text-anchor="end" dominant-baseline="middle">${(top * share).toFixed(2)}</text>`;
  });
  const axis = `<text x="${LEFT}" y="${HEIGHT - 4}">1</text><text x="${WIDTH - 4}" y="${HEIGHT - 4}" text-anchor="end">update ${steps}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="loss by update">${lines.join('')}${axis}<polyline points="${points}"/></svg>`;
}
