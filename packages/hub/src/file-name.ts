// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Whether a file's name, as a server tells it, stays inside the folder that it is joined to, on any system: relative, without `..`,
 * drive or backslash, and without characters that a terminal would obey.
 */
export function isSafeFileName(name: string): boolean {
  if (name === '' || name.length > 400 || UNPRINTABLE.test(name) || name.includes('\\') || /^[a-z]:/i.test(name)) return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/^[a-z]:/i.test(part));
}
