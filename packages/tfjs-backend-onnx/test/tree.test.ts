import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flattenTree, mapTree, mapTreeWithPath, namedLeaves, unflattenTree } from '../src/index.js';

const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

test('unflatten undoes flatten', () => {
  fc.assert(
    fc.property(tree, (t) => {
      expect(unflattenTree(t, flattenTree(t))).toEqual(t);
    }),
  );
});

test('mapping the identity changes nothing, and mapping twice is mapping the composition', () => {
  fc.assert(
    fc.property(tree, (t) => {
      const double = (leaf: number): number => leaf * 2;
      expect(mapTree<unknown, [number], number>(t, (leaf) => leaf)).toEqual(t);
      expect(mapTree<unknown, [number], number>(mapTree<unknown, [number], number>(t, double), double)).toEqual(
        mapTree<unknown, [number], number>(t, (leaf) => leaf * 4),
      );
    }),
  );
});

test('leaves are named by their keys', () => {
  expect(namedLeaves({ layers: [{ w: 1 }, { w: 2 }], b: 3 })).toEqual([
    { path: 'layers.0.w', leaf: 1 },
    { path: 'layers.1.w', leaf: 2 },
    { path: 'b', leaf: 3 },
  ]);
  expect(namedLeaves(7)).toEqual([{ path: '', leaf: 7 }]);
  expect(mapTreeWithPath({ a: [1] } as never, (_, path) => path)).toEqual({ a: ['a.0'] });
});

test('trees of different sizes are refused', () => {
  expect(() => unflattenTree([1, 2], [1])).toThrow('the structure has more');
  expect(() => unflattenTree([1], [1, 2])).toThrow('the structure has 1');
  expect(() => mapTree<unknown, [number, number], number>([1, 2], (a, b) => a + b, [1])).toThrow('trees of 2 and 1 leaves');
});
