import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';

/** Makes the shapes that a graph of free sizes needs. */
export interface Shapes {
  /** Nodes that compute shapes out of those of the graph's inputs: to stand before all others. */
  readonly nodes: readonly NodeProto[];
  /** Shapes that are constants. */
  readonly constants: readonly TensorProto[];
  /** The name of a free dimension with these sizes in the two traces. */
  nameOf(size: number, other: number): string | undefined;
  /** Whether a value has these sizes on the axes `free`, in both traces. */
  agree(value: string, shape: BigInt64Array, other: BigInt64Array, free: readonly number[]): boolean;
  /** The name of a constant shape. */
  constant(shape: BigInt64Array): string;
  /** The name of a shape with differing sizes computed; undefined where one is no product of up to three free dimensions. */
  computed(shape: BigInt64Array, other: BigInt64Array): string | undefined;
  /** Lets a Reshape take a 0 in its shape for a size. */
  takeZeros(reshape: NodeProto): void;
}

const INT64 = 7;

/** Shapes for `graph`, which `other` is the same as at other sizes. */
export function createShapes(graph: GraphProto, other: GraphProto, sizes: ReadonlyMap<string, readonly [number, number]>): Shapes {
  const nodes = new Map<string, NodeProto>();
  const constants = new Map<string, TensorProto>();
  const [mine, theirs] = [shapesOf(graph), shapesOf(other)];

  function constant(shape: BigInt64Array): string {
    const name = `shape/${shape.join('x')}`;
    const rawData = new Uint8Array(BigInt64Array.from(shape).buffer);
    constants.set(name, create(TensorProtoSchema, { name, dims: [BigInt(shape.length)], dataType: INT64, rawData }));
    return name;
  }

  /** Adds a node that gives `output`, once. */
  function node(opType: string, output: string, input: string[], attributes: Readonly<Record<string, number>> = {}): string {
    const attribute = Object.entries(attributes).map(([name, i]) => integer(name, i));
    if (!nodes.has(output)) nodes.set(output, create(NodeProtoSchema, { name: output, opType, input, output: [output], attribute }));
    return output;
  }

  /** [1]: a free dimension's size when the graph runs, as the first input that has it says. */
  function size(name: string): string | undefined {
    for (const { name: input } of graph.input) {
      const axis = mine.get(input)!.findIndex((d, k) => nameOf(d, theirs.get(input)![k]!) === name);
      if (axis >= 0) return node('Shape', `size/${name}`, [input], { start: axis, end: axis + 1 });
    }
    return undefined;
  }

  function nameOf(a: number, b: number): string | undefined {
    return [...sizes].find(([, [mineIs, theirsIs]]) => a === mineIs && b === theirsIs)?.[0];
  }

  /** The free dimensions whose product, times a constant, these sizes are. */
  function factors(a: number, b: number): { readonly names: readonly string[]; readonly rest: number } | undefined {
    const names: string[] = [];
    for (const [name, [mineIs, theirsIs]] of sizes) {
      while (a % mineIs === 0 && b % theirsIs === 0) {
        names.push(name);
        a /= mineIs;
        b /= theirsIs;
      }
    }
    return a === b ? { names, rest: a } : undefined;
  }

  return {
    get nodes() {
      return [...nodes.values()];
    },
    get constants() {
      return [...constants.values()];
    },
    nameOf,
    agree: (value, shape, otherShape, free) =>
      free.every((axis) => mine.get(value)?.[axis] === Number(shape[axis]) && theirs.get(value)?.[axis] === Number(otherShape[axis])),
    constant,
    computed(shape, otherShape) {
      const parts: string[] = [];
      for (const [axis, a] of shape.entries()) {
        const found = factors(Number(a), Number(otherShape[axis]));
        const known = found?.names.map(size);
        if (found === undefined || known!.includes(undefined)) return undefined;
        const all = [
          ...(known as string[]),
          ...(found.rest === 1 && known!.length > 0 ? [] : [constant(BigInt64Array.of(BigInt(found.rest)))]),
        ];
        parts.push(all.reduce((product, each) => node('Mul', `(${product} * ${each})`, [product, each])));
      }
      return node('Concat', `[${parts.join(', ')}]`, parts, { axis: 0 });
    },
    takeZeros(reshape) {
      reshape.attribute = [...reshape.attribute.filter((a) => a.name !== 'allowzero'), integer('allowzero', 1)];
    },
  };
}

function integer(name: string, value: number): ReturnType<typeof create<typeof AttributeProtoSchema>> {
  return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
}

/** The shapes of inputs and intermediate results by name. */
function shapesOf({ input, valueInfo }: GraphProto): ReadonlyMap<string, readonly number[]> {
  return new Map([...input, ...valueInfo].map((info) => [info.name, dimensionsOf(info).map(({ value }) => Number(value.value))]));
}

/** The dimensions of an input or result. */
export function dimensionsOf({
  type,
}: ValueInfoProto): NonNullable<Extract<NonNullable<ValueInfoProto['type']>['value'], { case: 'tensorType' }>['value']['shape']>['dim'] {
  return type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
}
