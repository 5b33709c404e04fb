import { DataError } from '../errors.js';
import type { DatasetCard } from './card.js';
import { skippedRows } from './skipped-rows.js';

/** A k-core left no row. The card says what every step left, and which k would leave rows. */
export class EmptyCoreError extends DataError {
  /** The card of the preparation, as far as it came. */
  readonly card: DatasetCard;

  /** From the number of rows before the k-core, and a card whose failure names the largest k that leaves rows. */
  constructor(rows: number, k: number, largest: number, card: DatasetCard) {
    const skipped = skippedRows(card.files);
    super('DATA_EMPTY_CORE', `no row is left after the ${k}-core (of ${rows})${skipped === '' ? '' : `; ${skipped}`}`, {
      where: 'data.kCore',
      expected: `at most ${largest} for this data`,
      remedy: `set data.kCore to ${largest} or less, or to 0 for none`,
    });
    this.card = card;
  }
}
