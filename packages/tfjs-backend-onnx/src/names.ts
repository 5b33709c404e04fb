import { liveNodes, producerOf, type Graph, type Node, type Value } from './graph.js';

/** Names of a graph's nodes and values: unique, and readable because they carry tfjs's scopes. */
export interface GraphNames {
  readonly nodes: ReadonlyMap<Node, string>;
  readonly values: ReadonlyMap<Value, string>;
}

/** `path_out` where an input already has the name `path`. */
export function outputNamesFor(paths: readonly string[], inputNames: readonly string[]): string[] {
  const taken = new Set(inputNames);
  return paths.map((path) => {
    let name = path === '' ? 'output' : path;
    while (taken.has(name)) name += '_out';
    taken.add(name);
    return name;
  });
}

/** Names every node by scope and operator, and every value by its node; inputs and outputs keep the names given. */
export function nameGraph(graph: Graph, inputNames: readonly string[], outputNames: readonly string[]): GraphNames {
  const values = new Map<Value, string>(graph.inputs.map((input, i) => [input, inputNames[i]!]));
  const nodes = new Map<Node, string>();
  const taken = new Map<string, number>([...inputNames, ...outputNames].map((name) => [name, 1]));
  const unique = (base: string): string => {
    const count = taken.get(base) ?? 0;
    taken.set(base, count + 1);
    return count === 0 ? base : unique(`${base}_${count}`);
  };
  graph.outputs.forEach((output, i) => {
    if (producerOf(output) !== undefined && !values.has(output)) values.set(output, outputNames[i]!);
  });
  const nameConstant = (value: Value, user: string): void => {
    if ((value.origin.kind !== 'constant' && value.origin.kind !== 'splat') || values.has(value)) return;
    values.set(value, unique((value.origin.kind === 'constant' ? value.origin.label : undefined) ?? `${user}/constant`));
  };
  for (const node of liveNodes(graph.outputs)) {
    const name = unique(node.scope === '' ? node.op : `${node.scope}/${node.op}`);
    nodes.set(node, name);
    node.outputs.forEach((output, i) => {
      if (!values.has(output)) values.set(output, node.outputs.length === 1 ? `${name}:0` : `${name}:${i}`);
    });
    node.inputs.forEach((input) => nameConstant(input, name));
  }
  graph.outputs.forEach((output, i) => nameConstant(output, outputNames[i]!));
  return { nodes, values };
}
