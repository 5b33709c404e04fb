import { wrongAnswer, type SamplerError } from './errors.js';

/** Fields of an answer. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object of an answer. @throws SamplerError `SAMPLER_ANSWER` for anything else */
export function fieldsOf(where: string, name: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw missing(where, name, 'an object');
}

/** A list of an answer. @throws SamplerError `SAMPLER_ANSWER` for anything else */
export function listOf(where: string, name: string, value: unknown, remedy?: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw missing(where, name, 'a list', remedy);
}

/** A list of numbers; what they are is seen later. @throws SamplerError `SAMPLER_ANSWER` for anything else */
export function numbersOf(where: string, name: string, value: unknown, remedy?: string): readonly number[] {
  const list = listOf(where, name, value, remedy);
  const strange = list.find((each) => typeof each !== 'number');
  if (strange === undefined && !list.includes(undefined)) return list as readonly number[];
  throw wrongAnswer(where, `${name} holds ${JSON.stringify(strange)}`, 'numbers', remedy);
}

function missing(where: string, name: string, expected: string, remedy?: string): SamplerError {
  return wrongAnswer(where, `its answer has no ${name} as it has to be`, expected, remedy);
}

/** @throws SamplerError `SAMPLER_ANSWER` where a server read another prompt than was sent */
export function checkPromptLength(where: string, counted: unknown, sent: number): void {
  if (counted === sent) return;
  throw wrongAnswer(where, `the server read a prompt of ${JSON.stringify(counted)} tokens`, `the ${sent} that were sent`);
}
