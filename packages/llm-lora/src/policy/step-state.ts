import { namedLeaves, unflattenTree, type HostTensor } from '@expctr/tfjs-backend-onnx';
import { PolicyError } from './errors.js';

/** The leaves of a tree by name: `prefix/path.of.the.leaf`. */
export function exportTree(prefix: string, tree: unknown): Record<string, HostTensor> {
  return Object.fromEntries(namedLeaves(tree).map(({ path, leaf }) => [`${prefix}/${path}`, leaf as HostTensor]));
}

/** A tree of the structure of `like` from what {@link exportTree} gave. @throws {@link PolicyError} where a leaf is missing or differs */
export function importTree<T>(prefix: string, like: T, saved: Readonly<Record<string, HostTensor>>): T {
  const leaves = namedLeaves(like).map(({ path, leaf }) => {
    const name = `${prefix}/${path}`;
    const { shape, dtype } = leaf as HostTensor;
    const found = saved[name];
    if (found !== undefined && found.dtype === dtype && found.shape.join() === shape.join()) return found;
    throw new PolicyError(
      'STEP_STATE',
      found === undefined ? `${name} is missing` : `${name} is ${found.dtype}[${found.shape.join(', ')}]`,
      {
        where: 'importState',
        expected: `${dtype}[${shape.join(', ')}]`,
        remedy: 'use the state of a step with the same adapter, extra parameters and optimizer',
      },
    );
  });
  return unflattenTree(like, leaves);
}
