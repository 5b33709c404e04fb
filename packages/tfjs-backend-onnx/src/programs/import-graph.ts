import type { AttributeProto, ModelProto, TensorProto, ValueInfoProto } from 'onnx-buf';
import { AttributeProto_AttributeType as AttributeType, TensorProto_DataLocation as DataLocation } from 'onnx-buf';
import { ONNX_TYPES } from '../builder.js';
import { ARRAYS, constantValue, integersOf, splatValue } from '../constants.js';
import {
  float,
  int,
  ints,
  makeNode,
  string,
  type Attribute,
  type ConstantArray,
  type ElementType,
  type Graph,
  type Value,
} from '../graph.js';

const ELEMENT_TYPES = new Map(Object.entries(ONNX_TYPES).map(([dtype, code]) => [code as number, dtype as ElementType]));

/**
 * The graph that this package wrote as a model: the inverse of `serialize`.
 * @param external bytes of the file beside the model
 * @throws an error of any kind where the model is not one that `serialize` writes
 */
export function importGraph(model: ModelProto, external: Uint8Array): Graph {
  const { name, node: nodes, initializer, input, output, valueInfo } = model.graph!;
  const types = new Map([...input, ...output, ...valueInfo].map((info) => [info.name, typeOf(info)]));
  const values = new Map<string, Value>(initializer.map((tensor) => [tensor.name, constantOf(tensor, external)]));
  const inputs = input.map((info): Value => ({ ...typeOf(info), origin: { kind: 'input', name: info.name } }));
  inputs.forEach((value, i) => values.set(input[i]!.name, value));
  const known = (of: string): Value => found(values.get(of), of);
  for (const { name: nodeName, opType, domain, input: operands, output: results, attribute } of nodes) {
    // a second name of a value, and a constant of equal elements, are no nodes of a graph
    if (opType === 'Identity') values.set(results[0]!, known(operands[0]!));
    else if (opType === 'ConstantOfShape') values.set(results[0]!, filled(attribute[0]!, integersOf(known(operands[0]!))));
    else {
      const { outputs } = makeNode(
        {
          op: opType,
          domain,
          inputs: operands.map(known),
          attributes: Object.fromEntries(attribute.map((each) => [each.name, attributeOf(each)])),
          scope: nodeName.slice(0, Math.max(0, nodeName.lastIndexOf('/'))),
        },
        results.map((result) => found(types.get(result), result)),
      );
      results.forEach((result, i) => values.set(result, outputs[i]!));
    }
  }
  return { name, inputs, outputs: output.map((info) => known(info.name)) };
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`the value ${name} is not there`);
  return value;
}

function typeOf({ name, type }: ValueInfoProto): Pick<Value, 'shape' | 'dtype'> {
  if (type?.value.case !== 'tensorType') throw new TypeError(`${name} is no tensor`);
  const { elemType, shape } = type.value.value;
  return { dtype: elementType(elemType), shape: shape!.dim.map(({ value }) => Number(value.value)) };
}

function elementType(code: number): ElementType {
  return found(ELEMENT_TYPES.get(code), `of type ${code}`);
}

function constantOf({ name, dims, dataType, rawData, dataLocation, externalData }: TensorProto, external: Uint8Array): Value {
  const place = Object.fromEntries(externalData.map(({ key, value }) => [key, Number(value)]));
  const offset = place['offset'] ?? 0;
  const bytes = dataLocation === DataLocation.EXTERNAL ? external.subarray(offset, offset + place['length']!) : rawData;
  const dtype = elementType(dataType);
  const value = constantValue(arrayOf(bytes, dtype), dims.map(Number), dtype);
  return value.origin.kind === 'constant' ? { ...value, origin: { ...value.origin, label: name } } : value;
}

function filled({ t }: AttributeProto, shape: readonly number[]): Value {
  const dtype = elementType(t!.dataType);
  return splatValue(Number(arrayOf(t!.rawData, dtype)[0]), shape, dtype);
}

/** Bytes as elements; copied where they do not lie as elements must. */
function arrayOf(bytes: Uint8Array, dtype: ElementType): ConstantArray {
  const Class = ARRAYS[dtype];
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % Class.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes); // a Buffer's slice is no copy
  return new Class(buffer as ArrayBuffer, byteOffset, byteLength / Class.BYTES_PER_ELEMENT);
}

function attributeOf({ name, i, f, ints: list, s, type }: AttributeProto): Attribute {
  switch (type) {
    case AttributeType.INT:
      return int(Number(i));
    case AttributeType.FLOAT:
      return float(f);
    case AttributeType.INTS:
      return ints(list.map(Number));
    case AttributeType.STRING:
      return string(new TextDecoder().decode(s));
    default:
      throw new TypeError(`the attribute ${name} is of kind ${type}`);
  }
}
