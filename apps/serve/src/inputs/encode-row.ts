import { nameAdvice } from '@expctr/core';
import { RequestError } from '../errors.js';
import { isJsonObject, quoted, type JsonSchema } from '@expctr/app-kit/http';
import { wrongType } from '../json.js';
import { ValueFault, type FeatureInput } from './input.js';

/** A value for each input of a model, in their order. */
export type EncodedRow = readonly unknown[];

/** A row of raw features as the graph takes it. @param where the row's place, such as `rows[3].features` @throws RequestError `SERVE_FEATURE` */
export function encodeRow(inputs: readonly FeatureInput[], row: unknown, where: string): EncodedRow {
  if (!isJsonObject(row)) throw wrongType(row, where, `an object with ${inputs.map(({ name }) => name).join(', ')}`);
  const encoded = new Array<unknown>(inputs.length);
  let found = 0;
  for (let at = 0; at < inputs.length; at += 1) {
    const input = inputs[at]!;
    if (!Object.hasOwn(row, input.name)) {
      throw new RequestError('SERVE_FEATURE', 'it is missing', {
        where: `${where}.${input.name}`,
        expected: 'a value for every feature of the model',
        remedy: 'give it; GET /openapi.json says what each feature takes',
      });
    }
    found += 1;
    try {
      encoded[at] = input.encode(row[input.name]);
    } catch (fault) {
      if (!(fault instanceof ValueFault)) throw fault;
      throw new RequestError('SERVE_FEATURE', fault.message, { where: `${where}.${input.name}${fault.place}`, expected: fault.expected });
    }
  }
  if (found < Object.keys(row).length) throw unknownFeature(inputs, row, where);
  return encoded;
}

function unknownFeature(inputs: readonly FeatureInput[], row: object, where: string): RequestError {
  const names = inputs.map(({ name }) => name);
  const unknown = Object.keys(row).find((key) => !names.includes(key))!;
  return new RequestError('SERVE_FEATURE', `the model has no feature ${quoted(unknown)}`, {
    where,
    expected: `no others than ${names.join(', ')}`,
    remedy: nameAdvice(unknown, names),
  });
}

/** JSON Schema of a row of raw features. */
export function rowSchema(inputs: readonly FeatureInput[]): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(inputs.map(({ name, schema }) => [name, schema])),
    required: inputs.map(({ name }) => name),
    additionalProperties: false,
  };
}
