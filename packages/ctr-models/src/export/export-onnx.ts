import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { writeFileAtomic } from '@expctr/core';
import { compile, namedLeaves, spec, useOnnx, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { ModelProtoSchema, StringStringEntryProtoSchema, TensorProtoSchema, type GraphProto, type ModelProto } from 'onnx-buf';
import type { ParameterTree } from '../backbones/backbone.js';
import { parameterLeaves, parameterSpecs } from '../model/parameters.js';
import type { ModelState } from '../model/predictor.js';
import { freeDimensions, type FreeDimensions } from './free-dimensions.js';
import { freeSizes } from './free-sizes.js';
import { rawInputSpecs, serve, type RawInputs } from './serving-graph.js';

const FLOAT = 1;

/** The metadata entry that holds the schema. */
export const SCHEMA_ENTRY = 'expctr.schema';

/**
 * Writes the whole model as one ONNX file with free batch size and list lengths.
 *
 * Inputs are named as the features (see {@link rawInputSpecs}), weights as in tensors.safetensors, the output is `probability` [batch].
 * The schema, with the vocabularies that ids refer to, is the metadata entry `expctr.schema`.
 *
 * Tracing needs the `onnx` backend of tfjs: it is made active for the time of the export where another one is.
 */
export async function exportOnnx(state: ModelState, path: string): Promise<void> {
  const dimensions = freeDimensions();
  const [model, other] = await withOnnx(async () => [await traceAt(state, dimensions, 0), await traceAt(state, dimensions, 1)] as const);
  const graph = model.graph!;
  freeSizes(graph, other.graph!, dimensions.sizes);
  fillWeights(graph, state);
  graph.name = state.backbone.name;
  model.metadataProps.push(create(StringStringEntryProtoSchema, { key: SCHEMA_ENTRY, value: JSON.stringify(state.schema) }));
  await writeFileAtomic(path, toBinary(ModelProtoSchema, model));
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
      serve(backbone, schema, { layouts: tables, dimension }, inputs, weights, backbone.usesSequences ? backbone.searches?.(schema, options) : undefined),
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

/** Weights were inputs of the trace; here they become part of the graph. */
function fillWeights(graph: GraphProto, { parameters, tables }: ModelState): void {
  const weights = new Map<string, HostTensor>([
    ...parameterLeaves(parameters).map(({ path, tensor }) => [`parameters.${path}`, tensor] as const),
    ...tables.map(
      ({ name, rows, width, values }) => [`tables.${name}`, { data: values, shape: [rows, width], dtype: 'float32' as const }] as const,
    ),
  ]);
  for (const [name, { data, shape }] of weights) {
    const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    graph.initializer.push(create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: FLOAT, rawData }));
  }
  graph.input = graph.input.filter(({ name }) => !weights.has(name));
}

/** Inputs are named after their place in the features and weights, without the number of the argument. */
function rename(graph: GraphProto, names: ReadonlyMap<string, string>): void {
  for (const input of graph.input) input.name = names.get(input.name) ?? input.name;
  for (const node of graph.node) node.input = node.input.map((name) => names.get(name) ?? name);
}
