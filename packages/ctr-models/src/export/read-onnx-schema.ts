import { readFile } from 'node:fs/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { ExpctrError, parseJson } from '@expctr/core';
import { ModelProtoSchema } from 'onnx-buf';
import { CtrError } from '../errors.js';
import { checkSchema } from '../features/check-schema.js';
import type { FeatureSchema } from '../features/schema.js';
import { SCHEMA_ENTRY } from './export-onnx.js';

/**
 * The feature schema of a file that `exportOnnx` wrote: with it, and ONNX Runtime, the file alone can be served.
 * @throws CtrError `CTR_MODEL_FILE` where the file is missing, is no ONNX model, or says nothing that is a schema
 */
export async function readOnnxSchema(path: string): Promise<FeatureSchema> {
  const broken = (what: string, cause?: unknown): CtrError =>
    new CtrError('CTR_MODEL_FILE', what, {
      where: path,
      expected: 'a model.onnx as exportOnnx writes it, with its feature schema inside',
      remedy: 'export the model again',
      cause,
    });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw broken(`the file cannot be read (${String((cause as NodeJS.ErrnoException).code)})`, cause);
  }
  try {
    const entry = fromBinary(ModelProtoSchema, bytes).metadataProps.find(({ key }) => key === SCHEMA_ENTRY);
    if (entry === undefined) throw broken(`it has no entry ${SCHEMA_ENTRY}`);
    const schema = parseJson(entry.value) as FeatureSchema;
    if (schema.version !== 'features/1') throw broken('its schema is of another version');
    checkSchema(schema);
    return schema;
  } catch (cause) {
    // What a damaged file leads to, in the decoder or in what walks a schema that is none.
    if (cause instanceof ExpctrError && cause.code === 'CTR_MODEL_FILE') throw cause;
    throw broken(`it cannot be understood: ${(cause as Error).message}`, cause);
  }
}
