import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type AttributeProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import { ONNX_TYPES } from './builder.js';
import { bytesOf, elementsOf, int64s, splatValue } from './constants.js';
import { liveNodes, MICROSOFT, type Attribute, type Graph, type Node, type Value } from './graph.js';
import { nameGraph } from './names.js';
import { sizeOf } from './tensors.js';

/** ONNX operator set: the first in which reductions take their axes as inputs and scatters can add. */
const OPSET = 18n;
const IR_VERSION = 8n;
/** Who wrote a file, in its own words. */
export const PRODUCER = '@expctr/tfjs-backend-onnx';

/** Splats up to this many elements are written out; larger ones are made by a node when the graph runs. */
const LARGEST_WRITTEN_SPLAT = 1024;

/** Where the bytes of a large constant are, in place of inside the model. */
export interface ExternalLocation {
  readonly path: string;
  readonly offset: number;
}

/** How to write a graph. */
export interface SerializeOptions {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Called for each constant with its name and bytes; returns where they are, or nothing to put them into the model. */
  readonly place: (name: string, bytes: Uint8Array) => ExternalLocation | undefined;
  /** Another order of the nodes, each behind what it uses. Default: program order. */
  readonly order?: (nodes: readonly Node[]) => readonly Node[];
}

/** A serialized graph. */
export interface SerializedGraph {
  /** A ModelProto. */
  readonly model: Uint8Array;
  readonly nodes: number;
  /** Bytes of all constants. */
  readonly constantBytes: number;
  /** Elements of the largest tensor that a node fills with one number. */
  readonly largestFill: number;
}

/** Writes a graph as an ONNX ModelProto. */
export function serialize(graph: Graph, { inputNames, outputNames, place, order = (all) => all }: SerializeOptions): SerializedGraph {
  const names = nameGraph(graph, inputNames, outputNames);
  const nodes: MessageInitShape<typeof NodeProtoSchema>[] = [];
  const initializers: MessageInitShape<typeof TensorProtoSchema>[] = [];
  let constantBytes = 0;
  let largestFill = 0;

  function write(value: Value, name: string): void {
    const bytes = bytesOf(elementsOf(value)!);
    constantBytes += bytes.byteLength;
    initializers.push(tensorProto(value, name, bytes, place(name, bytes)));
  }
  for (const [value, name] of names.values) {
    if (value.origin.kind === 'splat' && sizeOf(value.shape) > LARGEST_WRITTEN_SPLAT) {
      write(int64s(value.shape), `${name}/shape`);
      nodes.push(filled(value, value.origin.value, name));
      largestFill = Math.max(largestFill, sizeOf(value.shape));
    } else if (value.origin.kind === 'constant' || value.origin.kind === 'splat') write(value, name);
  }
  const results = new Set(graph.outputs);
  const program = liveNodes(graph.outputs);
  for (const node of order(program)) {
    nodes.push({
      name: names.nodes.get(node)!,
      opType: node.op,
      domain: node.domain,
      input: node.inputs.map((input) => names.values.get(input)!),
      output: node.outputs.map((output) => names.values.get(output)!),
      attribute: Object.entries(node.attributes).map(([name, attribute]) => attributeProto(name, attribute)),
    });
  }
  // a result that is an input, a constant or another result has a name already
  graph.outputs.forEach((output, i) => {
    const [name, wanted] = [names.values.get(output)!, outputNames[i]!];
    if (name !== wanted) nodes.push({ name: `${wanted}/Identity`, opType: 'Identity', input: [name], output: [wanted] });
  });
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: PRODUCER,
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: MICROSOFT, version: 1n },
    ],
    graph: {
      name: graph.name,
      node: nodes,
      initializer: initializers,
      input: graph.inputs.map((input, i) => valueInfo(input, inputNames[i]!)),
      output: graph.outputs.map((output, i) => valueInfo(output, outputNames[i]!)),
      // shapes of what is in between: for readers, and where they are computed (programs/barrier.ts)
      valueInfo: program.flatMap(({ outputs }) =>
        outputs.filter((output) => !results.has(output)).map((output) => valueInfo(output, names.values.get(output)!)),
      ),
    },
  });
  return { model: toBinary(ModelProtoSchema, model), nodes: nodes.length, constantBytes, largestFill };
}

function filled(value: Value, fill: number, name: string): MessageInitShape<typeof NodeProtoSchema> {
  const element = bytesOf(elementsOf(splatValue(fill, [1], value.dtype))!);
  return {
    name: `${name}/ConstantOfShape`,
    opType: 'ConstantOfShape',
    input: [`${name}/shape`],
    output: [name],
    attribute: [
      { name: 'value', type: AttributeType.TENSOR, t: { dims: [1n], dataType: ONNX_TYPES[value.dtype], rawData: owned(element) } },
    ],
  };
}

function tensorProto(
  value: Value,
  name: string,
  bytes: Uint8Array,
  location: ExternalLocation | undefined,
): MessageInitShape<typeof TensorProtoSchema> {
  const common = { name, dims: value.shape.map(BigInt), dataType: ONNX_TYPES[value.dtype] };
  if (location === undefined) return { ...common, rawData: owned(bytes) };
  const entries = { location: location.path, offset: String(location.offset), length: String(bytes.byteLength) };
  return {
    ...common,
    dataLocation: DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, entry]) => ({ key, value: entry })),
  };
}

function valueInfo(value: Value, name: string): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = value.shape.map((size) => (size < 0 ? {} : { value: { case: 'dimValue' as const, value: BigInt(size) } }));
  return { name, type: { value: { case: 'tensorType', value: { elemType: ONNX_TYPES[value.dtype], shape: { dim } } } } };
}

function attributeProto(name: string, attribute: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  switch (attribute.kind) {
    case 'int':
      return { name, type: AttributeType.INT, i: BigInt(attribute.value) };
    case 'float':
      return { name, type: AttributeType.FLOAT, f: attribute.value };
    case 'ints':
      return { name, type: AttributeType.INTS, ints: attribute.value.map(BigInt) };
    case 'string':
      return { name, type: AttributeType.STRING, s: owned(new TextEncoder().encode(attribute.value)) };
  }
}

/** The protobuf types want arrays over an ArrayBuffer, which all of ours are. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
