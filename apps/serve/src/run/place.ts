import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runFolder, type RunFolder } from '@expctr/run';
import { ServeError } from '../errors.js';
import { keptPredictor, servedPredictors } from './predictors.js';

/** What there is to serve. */
export type Place =
  /** A run, and the model of a predictor in it. */
  | { readonly kind: 'run'; readonly folder: RunFolder; readonly predictor: string; readonly modelFolder: string; readonly model: string }
  /** A model by itself: nothing is known of users and items, so rows have to be given as features. */
  | { readonly kind: 'model'; readonly model: string };

const GRAPH = 'model.onnx';

/**
 * Looks what lies at a path: a run folder, a folder that `save` of a CTR model wrote, or a file that `exportOnnx` wrote.
 * @throws ServeError `SERVE_NO_RUN`, `SERVE_NO_MODEL`, `SERVE_PREDICTOR`
 */
export function placeAt(path: string, predictor: string): Place {
  const kept = keptPredictor(predictor);
  const root = resolve(path);
  const found = statSync(root, { throwIfNoEntry: false });
  if (found?.isFile() === true) return { kind: 'model', model: root };
  const folder = runFolder(root);
  if (found?.isDirectory() === true && existsSync(folder.data)) {
    const modelFolder = kept.model(folder);
    const model = join(modelFolder, GRAPH);
    if (existsSync(model)) return { kind: 'run', folder, predictor, modelFolder, model };
    throw noModel(folder, predictor);
  }
  if (found?.isDirectory() === true && existsSync(join(root, GRAPH))) return { kind: 'model', model: join(root, GRAPH) };
  throw new ServeError('SERVE_NO_RUN', found === undefined ? 'there is no such file or folder' : 'there is neither a run nor a model', {
    where: path,
    expected: 'the folder of a run of expctr-train, the folder of a saved CTR model, or a model.onnx',
    remedy: 'train one: expctr-train --help',
    wrongUse: true,
  });
}

function noModel(folder: RunFolder, predictor: string): ServeError {
  const others = Object.entries(servedPredictors)
    .filter(([, { model }]) => existsSync(join(model(folder), GRAPH)))
    .map(([name]) => name);
  return new ServeError('SERVE_NO_MODEL', `the run has no model of ${predictor}`, {
    where: folder.root,
    expected: 'a run that came to its end',
    remedy:
      others.length === 0
        ? `let it come to its end: expctr-train --resume ${folder.root}`
        : `serve what it has: --predictor ${others.join(', or --predictor ')}`,
    wrongUse: true,
  });
}
