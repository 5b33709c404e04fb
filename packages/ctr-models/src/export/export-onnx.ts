import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { writeFileAtomic } from '@expctr/core';
import { compile, namedLeaves, spec, useOnnx, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import {
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type GraphProto,
  type ModelProto,
  type StringStringEntryProto,
} from 'onnx-buf';
import type { ParameterTree } from '../backbones/backbone.js';
import { parameterSpecs } from '../model/parameters.js';
import type { ModelState } from '../model/predictor.js';
import { bytesOf, writeSafetensors, type NamedTensors } from '../model/safetensors.js';
import { modelTensors } from '../model/tensors.js';
import { freeDimensions, type FreeDimensions } from './free-dimensions.js';
import { freeSizes } from './free-sizes.js';
import { rawInputSpecs, serve, type RawInputs } from './serving-graph.js';

const FLOAT = 1;

/** The metadata entry that holds the schema. */
export const SCHEMA_ENTRY = 'expctr.schema';

/** Bytes of weights from which on they stay outside the ONNX file: protobuf holds no 2 GiB, and encoding needs a message several times. */
export const LARGEST_INLINE = 2 ** 28;

/** A safetensors file beside an ONNX file, which holds the weights of the model that both are of. */
export interface WeightsFile {
  /** Its name. */
  readonly name: string;
  /** Where in it each tensor's bytes begin. */
  readonly offsets: ReadonlyMap<string, number>;
}

/**
 * Writes the whole model as one ONNX file with free batch size and list lengths; from {@link LARGEST_INLINE} bytes of weights on these
 * stand beside it, in `<path>.safetensors`, to which the ONNX file refers.
 *
 * Inputs are named as the features (see {@link rawInputSpecs}), weights as in tensors.safetensors, the output is `probability` [batch].
 * The schema, with the vocabularies that ids refer to, is the metadata entry `expctr.schema`.
 *
 * Tracing needs the `onnx` backend of tfjs: it is made active for the time of the export where another one is.
 */
export async function exportOnnx(state: ModelState, path: string, largestInline = LARGEST_INLINE): Promise<void> {
  const model = await servingModel(state);
  const tensors = modelTensors(state);
  const name = `${path}.safetensors`;
  const outside = isLarge(tensors, largestInline)
    ? { name: basename(name), offsets: (await writeSafetensors(name, tensors)).offsets }
    : undefined;
  await writeModel(model, tensors, path, outside);
}

/** The graph of a model, whose weights are still inputs. */
export async function servingModel(state: ModelState): Promise<ModelProto> {
  const dimensions = freeDimensions();
  const [model, other] = await withOnnx(async () => [await traceAt(state, dimensions, 0), await traceAt(state, dimensions, 1)] as const);
  freeSizes(model.graph!, other.graph!, dimensions.sizes);
  model.graph!.name = state.backbone.name;
  model.metadataProps.push(create(StringStringEntryProtoSchema, { key: SCHEMA_ENTRY, value: JSON.stringify(state.schema) }));
  return model;
}

/** Writes what {@link servingModel} gave with its weights: in it, or in a file beside it that has them. */
export async function writeModel(model: ModelProto, tensors: NamedTensors, path: string, outside?: WeightsFile): Promise<void> {
  const graph = model.graph!;
  for (const [name, tensor] of tensors) {
    const weights =
      outside === undefined
        ? { rawData: bytesOf(tensor) as Uint8Array<ArrayBuffer> }
        : { dataLocation: TensorProto_DataLocation.EXTERNAL, externalData: placeIn(outside, name, tensor) };
    graph.initializer.push(create(TensorProtoSchema, { name, dims: tensor.shape.map(BigInt), dataType: FLOAT, ...weights }));
  }
  graph.input = graph.input.filter(({ name }) => !tensors.has(name));
  await writeFileAtomic(path, toBinary(ModelProtoSchema, model));
}

/** Whether weights are too large to stand in an ONNX file. */
export function isLarge(tensors: NamedTensors, largestInline = LARGEST_INLINE): boolean {
  return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0) >= largestInline;
}

function placeIn({ name: location, offsets }: WeightsFile, name: string, { data }: HostTensor): StringStringEntryProto[] {
  const place = { location, offset: String(offsets.get(name)), length: String(data.byteLength) };
  return Object.entries(place).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
}

async function withOnnx<T>(work: () => Promise<T>): Promise<T> {
  const previous = tf.getBackend();
  await useOnnx();
  try {
    return await work();
  } finally {
    if (previous !== tf.getBackend()) await tf.setBackend(previous);
  }
}

async function traceAt(
  { backbone, options, schema, dimension, parameters, tables }: ModelState,
  dimensions: FreeDimensions,
  trace: 0 | 1,
): Promise<ModelProto> {
  const inputs = rawInputSpecs(schema, backbone.usesSequences === true, (name) => dimensions.of(name)[trace]);
  const weights = {
    parameters: parameterSpecs(parameters),
    tables: Object.fromEntries(tables.map(({ name, rows, width }) => [name, spec([rows, width])])),
  };
  const traced = await compile(
    (inputs: RawInputs<tf.Tensor>, weights: { parameters: ParameterTree; tables: Readonly<Record<string, tf.Tensor>> }): tf.Tensor1D =>
      serve(
        backbone,
        schema,
        { layouts: tables, dimension },
        inputs,
        weights,
        backbone.usesSequences ? backbone.searches?.(schema, options) : undefined,
      ),
    [inputs, weights],
    { name: backbone.name, outputNames: ['probability'] },
  );
  const folder = await mkdtemp(join(tmpdir(), 'expctr-ctr-'));
  try {
    const path = join(folder, 'model.onnx');
    await traced.save(path);
    const model = fromBinary(ModelProtoSchema, await readFile(path));
    const wanted = [...namedLeaves(inputs), ...namedLeaves(weights)];
    rename(model.graph!, new Map(traced.inputs.map(({ name }, k) => [name, wanted[k]!.path])));
    return model;
  } finally {
    await traced.dispose();
    await rm(folder, { recursive: true });
  }
}

/** Inputs are named after their place in the features and weights, without the number of the argument. */
function rename(graph: GraphProto, names: ReadonlyMap<string, string>): void {
  for (const input of graph.input) input.name = names.get(input.name) ?? input.name;
  for (const node of graph.node) node.input = node.input.map((name) => names.get(name) ?? name);
}
