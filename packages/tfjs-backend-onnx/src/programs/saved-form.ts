import { concatenated } from '@expctr/core';
import { equalBytes, sha256Of } from '@expctr/core/platform';
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ModelProto } from 'onnx-buf';

/**
 * What a saved function needs beside its graph, as JSON in the model's metadata. A file is the model, a second part with this, and a
 * third with a checksum of both: protobuf reads parts one after another as one message, so it stays an ONNX file like any other.
 */
export interface SavedForm {
  /** Version of this package that saved it. */
  readonly version: string;
  readonly name: string;
  /** Trees of `{ shape, dtype }`, one for each argument; constants have a further key `constant`. */
  readonly specs: readonly unknown[];
  readonly argumentNames: readonly string[];
  /** The tree of results, with output numbers in place of tensors. */
  readonly structure: unknown;
  readonly tracedNodes: number;
  /** Checksum of the file beside it that holds large constants. */
  readonly data: string | null;
  /** What it was compiled from, where `compile` is to find it again. */
  readonly fingerprint: string | null;
}

const FORM = 'expctr.function';
const CHECKSUM = 'expctr.sha256';

function metadata(key: string, value: string): Uint8Array {
  const init: MessageInitShape<typeof ModelProtoSchema> = { metadataProps: [{ key, value }] };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, init));
}

const CHECKSUM_BYTES = metadata(CHECKSUM, sha256Of([])).byteLength;

/** Appends form and checksum to a model. */
export function sealed(model: Uint8Array, form: SavedForm): Uint8Array {
  const parts = [model, metadata(FORM, JSON.stringify(form))];
  return concatenated([...parts, metadata(CHECKSUM, sha256Of(parts))]);
}

/** Whether a file's bytes end with their own checksum. */
export function isIntact(bytes: Uint8Array): boolean {
  const end = bytes.byteLength - CHECKSUM_BYTES;
  return end > 0 && equalBytes(bytes.subarray(end), metadata(CHECKSUM, sha256Of([bytes.subarray(0, end)])));
}

/** The form in a model's metadata, if there is one. */
export function formOf({ metadataProps }: ModelProto): SavedForm | undefined {
  const entry = metadataProps.find(({ key }) => key === FORM);
  return entry === undefined ? undefined : (JSON.parse(entry.value) as SavedForm);
}
