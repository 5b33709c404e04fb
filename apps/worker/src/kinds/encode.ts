import { sha256 } from '@expctr/core';
import { columnOf, readNumbers, readStrings, type Embeddings } from '@expctr/data';
import { openEncoder } from '@expctr/trainer';
import { WorkerError } from '../errors.js';
import { settingsOfPlan } from '../plan/settings.js';
import { embeddingsForm } from './forms.js';
import type { Kind, Table } from './kind.js';
import { planPaths, requireInputs, requireModel } from './model-here.js';
import { countRows, openPartRows } from './part-rows.js';

/** Texts that the encoder is given at once. */
const AT_ONCE = 256;

/** A vector of each text. */
export const encode: Kind<Embeddings> = {
  description: 'a vector for each text of a column (embeddings/1)',
  idsAreRows: false,
  form: embeddingsForm,
  count: (inputs) => countRows(inputs['texts']!),
  async open(placed, context) {
    const { column } = placed.plan.options as { readonly column: string };
    const settings = settingsOfPlan(placed, context.hub);
    await requireInputs(placed);
    const file = planPaths(placed)['texts']!;
    const encoder = await openEncoder(settings);
    try {
      requireModel(placed, sha256(encoder.identity ?? encoder.name), settings.config.encoder.model);
      const rows = await openPartRows(file, (part) => textsOf(part, column));
      return {
        async close() {
          await rows.close();
          await encoder.dispose?.();
        },
        async rows(from, to) {
          const pieces = await rows.read(from, to);
          const texts = pieces.flatMap(({ part, ...piece }) => part.texts.slice(piece.from, piece.to));
          const ids = pieces.flatMap(({ part, ...piece }) =>
            part.ids === null ? [] : Array.from(part.ids.subarray(piece.from, piece.to)),
          );
          const values = new Float32Array(texts.length * encoder.dimension);
          const task = context.progress.begin('encoding', texts.length, 'rows');
          for (let begin = 0; begin < texts.length; begin += AT_ONCE) {
            if (context.signal?.aborted === true) throw context.signal.reason;
            const some = texts.slice(begin, begin + AT_ONCE);
            values.set(await encoder.encode(some), begin * encoder.dimension);
            task.update(begin + some.length);
          }
          task.done();
          return {
            length: texts.length,
            interactionId: ids.length === texts.length ? Uint32Array.from(ids) : Uint32Array.from(texts, (_, at) => from + at),
            dimension: encoder.dimension,
            values,
            encoder: encoder.name,
            normalized: encoder.normalized,
          };
        },
      };
    } catch (error) {
      await encoder.dispose?.();
      throw error;
    }
  },
};

/** Texts of a part, and the interactions that they are about: null where the table does not say, and they are called by their rows. */
function textsOf(part: Table, column: string): { readonly texts: readonly string[]; readonly ids: Uint32Array | null } {
  const names = part.schema.fields.map(({ name }) => name);
  if (!names.includes(column)) {
    throw new WorkerError('WORKER_INPUT', `the table has no column '${column}'`, {
      where: 'column',
      expected: `one of ${names.join(', ')}`,
      remedy: 'name the column of texts by column in the job',
      wrongUse: true,
    });
  }
  const ids = names.includes('interaction_id') ? readNumbers(columnOf(part, 'interaction_id'), new Uint32Array(part.numRows)) : null;
  return { texts: readStrings(columnOf(part, column)), ids };
}
