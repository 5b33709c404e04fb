import { readdir, rm } from 'node:fs/promises';
import { concatExplanations, explanationsFromTable, explanationsToTable, readTable, writeTable, type Explanations } from '@expctr/data';
import type { RunFolder } from '@expctr/run';

/** The rollouts of an alignment: one file for what came since the checkpoint before, so that each is written twice, however many there are. */
export interface RolloutParts {
  /** Where the files are. */
  readonly folder: string;
  /** Forgets what was written after update number `step`: work that is about to be done again. */
  dropAfter(step: number): Promise<void>;
  /** The rollouts of an update. */
  add(rollouts: Explanations): void;
  /** Writes what was added since the last call, as the part that ends with update number `step`. */
  write(step: number): Promise<void>;
  /** All rollouts up to update number `last`, in order. */
  all(last: number): Promise<Explanations>;
}

/** Parts in `checkpoints/<name>/rollouts`. */
export function rolloutParts(folder: RunFolder, name: string): RolloutParts {
  let added: Explanations[] = [];
  const path = (step: number): string => folder.checkpoint(name, 'rollouts', `${step}.arrow`);
  const written = async (): Promise<number[]> => {
    const files = await readdir(folder.checkpoint(name, 'rollouts')).catch(() => []);
    return files.flatMap((file) => /^(\d+)\.arrow$/u.exec(file)?.[1] ?? []).map(Number);
  };
  const write = async (step: number): Promise<void> => {
    if (added.length === 0) return;
    await writeTable(path(step), explanationsToTable(concatExplanations(added)));
    added = [];
  };
  return {
    folder: folder.checkpoint(name, 'rollouts'),
    async dropAfter(step) {
      for (const later of (await written()).filter((other) => other > step)) await rm(path(later));
    },
    add: (rollouts) => void added.push(rollouts),
    write,
    async all(last) {
      await write(last);
      const parts: Explanations[] = [];
      for (const step of (await written()).sort((a, b) => a - b)) parts.push(explanationsFromTable(await readTable(path(step))));
      return concatExplanations(parts);
    },
  };
}
