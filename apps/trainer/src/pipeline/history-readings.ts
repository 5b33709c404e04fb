import { predictionsFromTable, predictionsToTable } from '@expctr/data';
import { modelAnswers, type Reader } from '@expctr/rewards';
import { tableCodec } from '@expctr/run';
import { createFittingReader } from './fitting-reader.js';
import type { Pipeline } from './pipeline.js';
import { readerProbabilities } from './reading.js';

/** What the base model makes of the history alone, by interaction. */
export type HistoryReadings = ReadonlyMap<number, number>;

/** In-context learning: the base model answers from the history, without an explanation. Read once a run. @param rows interactions */
export async function historyReadings(pipeline: Pipeline, reader: Reader, rows: Uint32Array): Promise<HistoryReadings> {
  const { models, run, data } = pipeline;
  const codec = tableCodec(run.folder.checkpoint('history-readings.arrow'), predictionsToTable, predictionsFromTable);
  const [readings] = await run.artifacts.artifact(
    'history-readings',
    async () => {
      const withHistory = await createFittingReader(pipeline, {
        template: { ...models.templates.lc, withHistory: true },
        form: reader.form,
        scoreAnswers: modelAnswers(models.policy),
        calibrate: run.config.reader.calibrate,
      });
      const probability = Float32Array.from(await readerProbabilities(pipeline, withHistory, rows, () => ''));
      return [{ model: 'icl', interactionId: rows, label: Uint8Array.from(rows, (row) => data.interactions.label[row]!), probability }];
    },
    codec,
  );
  return new Map(Array.from(readings!.interactionId, (row, at) => [row, readings!.probability[at]!]));
}
