import { typeOf, type JsonSchema } from '@expctr/app-kit/http';
import { ValueFault, type Vocabulary } from './input.js';

/** What stands for a value of a vocabulary: its text, or a number or truth value that is read as its text; null is unknown. */
export const SCALAR_SCHEMA: JsonSchema = { type: ['string', 'number', 'boolean', 'null'] };

/** Id of a value; 0 where the vocabulary lacks it. @throws ValueFault for a list or an object */
export function idOf(value: unknown, vocabulary: Vocabulary, place = ''): number {
  if (typeof value === 'string') return vocabulary.idOf(value);
  if (value === null) return 0;
  if (typeof value === 'number' || typeof value === 'boolean') return vocabulary.idOf(String(value));
  throw new ValueFault(`it is ${typeOf(value)}`, 'a text, a number, true, false or null', place);
}
