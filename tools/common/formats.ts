// Ways of keeping frozen weights, as options of benchmarks name them.
import { wrongUse } from './arguments.js';

/** Bytes of a weight, without the scales of many. */
export const BYTES: Readonly<Record<string, number>> = { float32: 4, float16: 2, int8: 1, int4: 0.5 };

/** A list of formats that an option gives. */
export function formatsOf(flag: string, list: string): string[] {
  const formats = list.split(',');
  const unknown = formats.find((format) => !Object.hasOwn(BYTES, format));
  if (unknown !== undefined) wrongUse(`${flag} takes float32, float16, int8 and int4; got "${unknown}"`);
  return formats;
}
