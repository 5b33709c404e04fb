import { readOnnxSchema, type FeatureSchema } from '@expctr/ctr-models';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { ServeError } from '../errors.js';
import { encodeRow, type EncodedRow } from '../inputs/encode-row.js';
import type { FeatureInput } from '../inputs/input.js';
import { featureInputs } from '../inputs/table.js';

/** An exported CTR model in ONNX Runtime. */
export interface Graph {
  /** The schema that it was exported with. */
  readonly schema: FeatureSchema;
  /** What its rows are made of. */
  readonly inputs: readonly FeatureInput[];
  /** Probability of label 1 of each row. */
  run(rows: readonly EncodedRow[]): Promise<Float32Array>;
  /** Frees the session. */
  dispose(): Promise<void>;
}

/**
 * Opens a model.onnx as `exportOnnx` writes it, and lets it predict a row of which nothing is known: what cannot do that is not served.
 * @throws CtrError `CTR_MODEL_FILE`; ServeError `SERVE_MODEL`
 */
export async function openGraph(path: string, { threads }: { readonly threads: number }): Promise<Graph> {
  const schema = await readOnnxSchema(path);
  const broken = (cause: unknown): ServeError =>
    new ServeError('SERVE_MODEL', 'ONNX Runtime cannot use the model', { where: path, remedy: 'export the model again', cause });
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(path, { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' });
  } catch (cause) {
    throw broken(cause);
  }
  const inputs = featureInputs(schema, session.inputNames);
  const run = async (rows: readonly EncodedRow[]): Promise<Float32Array> => {
    const feeds: Record<string, Tensor> = {};
    inputs.forEach((input, at) => Object.assign(feeds, input.feed(rows.map((row) => row[at]))));
    const { probability } = await session.run(feeds);
    return probability!.data as Float32Array;
  };
  try {
    const [probability] = await run([encodeRow(inputs, unknownRow(schema, inputs), 'a row of which nothing is known')]);
    if (!(probability! >= 0 && probability! <= 1)) throw new RangeError(`its probability is ${probability}`);
  } catch (cause) {
    await session.release();
    throw broken(cause);
  }
  return { schema, inputs, run, dispose: () => session.release() };
}

/** A row of which nothing is known. */
function unknownRow(schema: FeatureSchema, inputs: readonly FeatureInput[]): Record<string, unknown> {
  return Object.fromEntries(
    inputs.map(({ name }): [string, unknown] => {
      const feature = schema.features.find((each) => each.name === name)!;
      if (feature.kind === 'numeric') return [name, feature.missing === 'mean' ? null : feature.mean];
      return [name, feature.kind === 'categorical' || feature.kind === 'dense' ? null : []];
    }),
  );
}
