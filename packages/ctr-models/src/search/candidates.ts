import { join } from 'node:path';
import { findBackbone } from '../backbones/table.js';
import { CtrError } from '../errors.js';
import { readProgress, type Progress } from '../fit/checkpoint.js';
import { checkFit } from '../fit/check-fit.js';
import { fitCtr, type FitCtrParameters } from '../fit/fit-ctr.js';
import { fitIdentity } from '../fit/fit-identity.js';
import { fitOptions } from '../fit/options.js';
import type { SearchCtrParameters } from './search-ctr.js';
import { drawOptions, searchSpace, type DrawnOptions } from './space.js';

/** A draw from the space, and how it is fitted. */
export interface Candidate {
  readonly trial: number;
  readonly options: DrawnOptions;
  readonly checkpoint: string;
  readonly identity: string;
  /** Parameters of its fit to some epoch. */
  readonly fit: (epochs: number) => FitCtrParameters;
}

/** Draws the trials and checks each, before any is trained. @throws CtrError as `searchCtr` */
export function drawTrials(
  { backbone, backbones = [], train, valid, weights, options = {}, rng, space: given, folder }: SearchCtrParameters,
  trials: number,
): Candidate[] {
  const parsed = searchSpace.safeParse(given);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw wrong(`space.${path.join('.')}: ${message}`, "{ values: [...] } or { from, to, scale: 'linear' | 'log', integer: true | false }");
  }
  const space = parsed.data;
  const named = space['backbone'] !== undefined && 'values' in space['backbone'] ? space['backbone'].values.map(nameOf) : [backbone];
  const known = named.map((name) => [
    ...Object.keys(fitOptions.shape),
    ...Object.keys((typeof name === 'string' ? findBackbone(name, backbones) : name).options.shape),
  ]);
  for (const name of [...Object.keys(space), ...Object.keys(options)]) {
    if (name === 'epochs') throw wrong('epochs is in the space or the options', 'epochs of the search: they follow from the rungs');
    if (name === 'backbone' || known.some((names) => names.includes(name))) continue;
    throw wrong(`there is no option '${name}'`, `one of ${[...new Set(['backbone', ...known.flat()])].join(', ')}`);
  }
  return Array.from({ length: trials }, (_, trial): Candidate => {
    const drawn = drawOptions(space, rng.fork('search', trial));
    const { backbone: drawnBackbone, ...others } = { ...options, ...drawn } as Record<string, unknown>;
    const chosen = drawnBackbone === undefined ? backbone : findBackbone(nameOf(drawnBackbone), backbones);
    const own = typeof chosen === 'string' ? findBackbone(chosen, backbones) : chosen;
    const ofThis = Object.entries(others).filter(([name]) => name in fitOptions.shape || name in own.options.shape);
    const checkpoint = join(folder, `trial-${String(trial).padStart(4, '0')}`);
    const fit = (epochs: number): FitCtrParameters => ({
      backbone: own,
      train,
      valid,
      ...(weights === undefined ? {} : { weights }),
      rng,
      options: { ...Object.fromEntries(ofThis), epochs },
      checkpoint,
    });
    return { trial, options: drawn, checkpoint, identity: fitIdentity(checkFit(fit(1))), fit };
  });
}

/** Trains a trial on to an epoch, or finds that it is there. Null where its loss ran away. */
export async function trainTo({ fit, checkpoint, identity }: Candidate, epochs: number): Promise<Progress | null> {
  const before = await readProgress(checkpoint, identity);
  if (before !== undefined && (before.epoch >= epochs || before.schedule.stopped)) return before;
  try {
    await (await fitCtr(fit(epochs))).dispose();
  } catch (error) {
    if (error instanceof CtrError && error.code === 'CTR_NOT_FINITE') return null;
    throw error;
  }
  return (await readProgress(checkpoint, identity))!;
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw wrong(`space.backbone has the value ${JSON.stringify(value)}`, 'names of backbones');
}

/** The error for what a search was asked for. */
export function wrong(what: string, expected: string): CtrError {
  return new CtrError('CTR_OPTION', what, { where: 'searchCtr', expected });
}
