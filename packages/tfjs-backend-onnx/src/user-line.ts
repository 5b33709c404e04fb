/** Where this package is; a bundle for a browser does not know. */
const HERE = (import.meta.dirname as string | undefined) ?? 'tfjs-backend-onnx';

/**
 * The first line of a stack that belongs neither to tfjs nor to this package, as `file:line:column`: where the user's function
 * called the operation. Undefined when the stack does not reach it.
 */
export function userLine(site: Error | undefined): string | undefined {
  for (const line of (site?.stack ?? '').split('\n').slice(1)) {
    if (line.includes('@tensorflow/') || line.includes(HERE) || line.includes('(node:')) continue;
    const place = /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1];
    if (place !== undefined) return place.replace('file://', '');
  }
  return undefined;
}

/** `function at file:line:column`, or the function alone. */
export function placeOf(functionName: string, site: Error | undefined): string {
  const line = userLine(site);
  return line === undefined ? functionName : `${functionName} at ${line}`;
}
