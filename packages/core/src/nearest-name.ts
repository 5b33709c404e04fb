/** The candidate with the smallest edit distance to `name`, capitals apart, or undefined where none is near enough to be meant. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.ceil(name.length / 3)) ? best.candidate : undefined;
}

/** What to advise where `name` is not one of `candidates`: the nearest, where one is near enough to be meant, else all of them. */
export function nameAdvice(name: string, candidates: readonly string[]): string {
  const near = nearestName(name, candidates);
  return near === undefined ? 'choose one of these' : `the nearest is ${near}`;
}

/** Levenshtein distance, one row at a time. Names that long are no mistyped ones, and would take quadratic time. */
function editDistance(a: string, b: string): number {
  if (a.length > LONGEST_NAME || b.length > LONGEST_NAME) return a === b ? 0 : Infinity;
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length]!;
}

const LONGEST_NAME = 200;
