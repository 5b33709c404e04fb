/** Puts parts together with `/` between them, without empty ones, `.` and `..`. */
export function join(...parts: string[]): string {
  const text = parts.filter((part) => part !== '').join('/');
  const rooted = text.startsWith('/');
  const names: string[] = [];
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..' || (!rooted && (names.length === 0 || names.at(-1) === '..'))) names.push(name);
    else names.pop();
  }
  if (names.length === 0) return rooted ? '/' : text.endsWith('/') ? './' : '.';
  return `${rooted ? '/' : ''}${names.join('/')}${text.endsWith('/') ? '/' : ''}`;
}

/** All but the last name of a path. */
export function dirname(path: string): string {
  const names = path.replace(/\/+$/u, '');
  const at = names.lastIndexOf('/');
  if (at === -1) return path.startsWith('/') ? '/' : '.';
  return names.slice(0, at).replace(/\/+$/u, '') || '/';
}

/** The last name of a path. */
export function basename(path: string): string {
  const names = path.replace(/\/+$/u, '');
  return names.slice(names.lastIndexOf('/') + 1);
}
