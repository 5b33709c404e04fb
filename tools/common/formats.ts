// Ways of keeping frozen weights, as options of benchmarks name them.
import { wrongUse } from './arguments.js';

const FORMATS = ['float32', 'float16', 'int8', 'int4'];

/** A list of formats that an option gives. */
export function formatsOf(flag: string, list: string): string[] {
  const formats = list.split(',');
  const unknown = formats.find((format) => !FORMATS.includes(format));
  if (unknown !== undefined) wrongUse(`${flag} takes float32, float16, int8 and int4; got "${unknown}"`);
  return formats;
}
