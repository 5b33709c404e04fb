import { explanationsFromTable, type Explanations } from '@expctr/data';
import { modelAnswers } from '@expctr/rewards';
import { P_LC } from '@expctr/run';
import { createFittingReader, promptsOf, readerProbabilities } from '@expctr/trainer';
import { WorkerError } from '../errors.js';
import { explanationsForm } from './forms.js';
import type { Kind } from './kind.js';
import { planPaths } from './model-here.js';
import { countRows, openPartRows } from './part-rows.js';
import { openPolicy } from './policy.js';

/** What the frozen base model answers to each explanation: p_LC, a column beside the explanations. */
export const read: Kind<Explanations> = {
  description: "the reader's probability of each explanation, in the column p_LC of explanations/1",
  idsAreRows: false,
  form: explanationsForm,
  count: (inputs) => countRows(inputs['explanations']!),
  async open(placed, context) {
    const { settings, dataset, models, close } = await openPolicy(placed, context);
    try {
      const { config } = settings;
      const file = planPaths(placed)['explanations']!;
      const reader = await createFittingReader(
        { models },
        {
          template: models.templates.lc,
          form: config.reader.form,
          scoreAnswers: modelAnswers(models.policy),
          calibrate: config.reader.calibrate,
        },
      );
      const texts = await openPartRows(file, explanationsFromTable);
      return {
        async close() {
          await texts.close();
          await close();
        },
        async rows(from, to) {
          const pieces = await texts.read(from, to);
          const asked = explanationsForm.concat(pieces.map((piece) => explanationsForm.slice(piece.part, piece.from, piece.to)));
          const ids = asked.interactionId;
          const stranger = ids.findIndex((id) => id >= dataset.interactions.length);
          if (stranger >= 0) throw notOfDataset(file, from + stranger, ids[stranger]!, dataset.interactions.length);
          const book = promptsOf(config, models, dataset, dataset.interactions);
          // an interaction may have several explanations: what the reader calls a row is a place in the file
          const prompts = { item: (at: number) => book.item(ids[at]!), history: (at: number) => book.history(ids[at]!) };
          const places = Uint32Array.from(ids.keys());
          const { progress, signal } = context;
          const values = await readerProbabilities(
            { run: { progress, signal }, data: { prompts } },
            reader,
            places,
            (at) => asked.read[at]!,
          );
          return { ...asked, rewards: { ...asked.rewards, [P_LC]: Float32Array.from(values) } };
        },
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

function notOfDataset(where: string, row: number, id: number, rows: number): WorkerError {
  return new WorkerError('WORKER_INPUT', `row ${row} explains interaction ${id}, and the dataset has ${rows}`, {
    where,
    remedy: 'name the dataset that was explained',
  });
}
