import { CompiledFunctionError } from '../errors.js';
import type { profile as profileOfNode } from './profile.js';

/** In a browser ONNX Runtime writes its profile nowhere that a program can read. */
export const profile: typeof profileOfNode = ({ name }) => {
  throw new CompiledFunctionError('COMPILED_SESSION', 'a browser has no profile of a graph', {
    where: name,
    remedy: 'call describe without inputs, or with inputs in Node',
  });
};
