import { join } from 'node:path';

/** Paths inside a run folder: the only contract between what trains and what evaluates. */
export interface RunFolder {
  /** The folder itself. */
  readonly root: string;
  /** The complete configuration, plug-ins with their versions included: JSON. */
  readonly config: string;
  /** One {@link RunEvent} a line. It holds no time, rate or path, so that a resumed run ends with the same bytes. */
  readonly log: string;
  /** One {@link TimingLine} a line. */
  readonly timing: string;
  /** What the run is of, what is done, and the checksums of what it wrote: see {@link Manifest}. */
  readonly manifest: string;
  /** Who works in the folder: see {@link lockRun}. */
  readonly lock: string;
  /** Folder of `interactions.arrow`, `items.arrow`, `users.arrow`, `card.json`, and of `truth.arrow` where the truth is known. */
  readonly data: string;
  /** item-vectors/1 of the items' images, where the run was given some. */
  readonly itemImages: string;
  /** predictions/1 of the test rows. */
  readonly predictions: string;
  /** predictions/1 of the test rows by models that were fitted on fewer rows, under names such as `expctr-aug@300`. */
  readonly learningCurve: string;
  /** Folder of the CTR model of `expctr-aug`, `model.onnx` among its files. */
  readonly ctr: string;
  /** Folder of all explanations. */
  readonly explanationsFolder: string;
  /** Every figure of the report: JSON. */
  readonly metrics: string;
  /** The report. */
  readonly report: string;
  /** explanations/1 by its name. */
  explanations(name: string): string;
  /** An adapter's folder, in PEFT's format. */
  adapter(name: string): string;
  /** What a resumed run needs and a finished one does not. */
  checkpoint(...path: readonly string[]): string;
}

/** Names the files of the run folder at `root`; touches nothing. */
export function runFolder(root: string): RunFolder {
  const at = (...path: readonly string[]): string => join(root, ...path);
  return {
    root,
    config: at('config.json'),
    log: at('log.jsonl'),
    timing: at('timing.jsonl'),
    manifest: at('manifest.json'),
    lock: at('lock.json'),
    data: at('data'),
    itemImages: at('vectors', 'image.arrow'),
    predictions: at('predictions', 'test.arrow'),
    learningCurve: at('predictions', 'learning-curve.arrow'),
    ctr: at('ctr'),
    explanationsFolder: at('explanations'),
    metrics: at('metrics.json'),
    report: at('report.html'),
    explanations: (name) => at('explanations', `${name}.arrow`),
    adapter: (name) => at('adapters', name),
    checkpoint: (...path) => at('checkpoints', ...path),
  };
}
