import { equalBytes } from '@expctr/core/platform';
import { bytesOf } from '../constants.js';
import type { Node, Value } from '../graph.js';

/** Remembers values and nodes, so that equal ones are one: common subexpressions, and each constant once. */
export class UniqueTable {
  readonly #ids = new Map<Value, number>();
  readonly #constants = new Map<string, Value[]>();
  readonly #nodes = new Map<string, readonly Value[]>();

  /** The first constant with this content; other values as they are. */
  constant(value: Value): Value {
    const { origin, shape, dtype } = value;
    if (origin.kind !== 'constant' && origin.kind !== 'splat') return value;
    const content =
      origin.kind === 'splat'
        ? `= ${Object.is(origin.value, -0) ? '-0' : origin.value}`
        : `${origin.data.length}: ${origin.data.slice(0, 4).join()}`;
    const key = `${dtype}[${shape.join()}] ${content}`;
    const same = this.#constants.get(key) ?? [];
    const found = same.find((other) => sameContent(other, value));
    if (found !== undefined) return found;
    this.#constants.set(key, [...same, value]);
    return value;
  }

  /** The outputs of the first node that computes the same. */
  node(node: Node): readonly Value[] {
    const inputs = node.inputs.map((input) => this.#id(input)).join();
    const key = `${node.domain} ${node.op} ${inputs} ${JSON.stringify(node.attributes)} ${node.outputs.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join()}`;
    const found = this.#nodes.get(key);
    if (found === undefined) this.#nodes.set(key, node.outputs);
    return found ?? node.outputs;
  }

  #id(value: Value): number {
    const id = this.#ids.get(value) ?? this.#ids.size;
    this.#ids.set(value, id);
    return id;
  }
}

function sameContent(a: Value, b: Value): boolean {
  if (a.origin.kind === 'splat' && b.origin.kind === 'splat') return Object.is(a.origin.value, b.origin.value);
  if (a.origin.kind !== 'constant' || b.origin.kind !== 'constant') return false;
  return a.origin.data === b.origin.data || equalBytes(bytesOf(a.origin.data), bytesOf(b.origin.data));
}
