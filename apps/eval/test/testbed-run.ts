import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, type Rng } from '@expctr/core';
import {
  explanationsFromRows,
  explanationsToTable,
  predictionsToTable,
  rowsOf,
  writeDataset,
  writeTable,
  type Explanation,
} from '@expctr/data';
import { generateWorld, prepareWorld, trueReasons, type Claim, type PreparedWorld, type WorldOptions } from '@expctr/testbed';

/** What the explainers of a made-up run are like: how often each gives the true reasons; else it praises attributes of the item. */
export interface TestbedRun {
  readonly users?: number;
  readonly seed?: number;
  /** Options of the dataset. */
  readonly world?: Pick<WorldOptions, 'tastes' | 'secondIntent' | 'secondDomain'>;
  /** Share of careful explanations. */
  readonly careful?: { readonly base: number; readonly baseSampled?: number; readonly stage1: number; readonly final: number };
  /** Repetitions of stages 2 and 3. */
  readonly repetitions?: number;
}

/** Writes the folder of a run on a small simulated world, with explanations by explainers whose quality is known. */
export async function testbedRun({
  users = 30,
  seed = 1,
  world: options = {},
  careful = { base: 0.2, stage1: 0.5, final: 0.8 },
  repetitions = 1,
}: TestbedRun = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-eval-testbed-'));
  const made = { users, items: 150, ...options };
  const world = prepareWorld(generateWorld({ seed, ...made }), { history: { select: 'similar', length: 8 } });
  const { interactions } = world;
  const rng = createRng(seed);
  const [policy, ctr, valid, test] = [
    rowsOf(interactions, 'train', 'policy'),
    rowsOf(interactions, 'train', 'ctr'),
    rowsOf(interactions, 'valid'),
    rowsOf(interactions, 'test'),
  ];
  await writeFile(join(folder, 'config.json'), JSON.stringify({ dataset: 'testbed', seed, data: made, iterations: repetitions }));
  await writeDataset(join(folder, 'data'), world);

  const files: [name: string, rows: number[], share: number, completions: number][] = [
    ['post-hoc', [...ctr, ...valid, ...test], careful.base, 1],
    ...(careful.baseSampled === undefined
      ? []
      : [['post-hoc-sampled', [...ctr, ...valid, ...test], careful.baseSampled, 1] as [string, number[], number, number]]),
    ...Array.from({ length: repetitions }, (_, k): [string, number[], number, number] => {
      const share = careful.stage1 + ((careful.final - careful.stage1) * k) / repetitions;
      return [`stage2-${k + 1}`, [...ctr, ...valid], share, 1];
    }),
    ['final', [...ctr, ...valid, ...test, ...policy.slice(0, valid.length)], careful.final, 1],
    ['stage1-rollouts', [...policy.slice(0, 200)], careful.stage1, 4],
  ];
  for (const [name, rows, share, completions] of files) {
    const stream = rng.fork(name);
    const written = rows.flatMap((row) => Array.from({ length: completions }, () => explain(world, row, name, share, stream)));
    await writeTable(join(folder, 'explanations', `${name}.arrow`), explanationsToTable(explanationsFromRows(written)));
  }
  const label = Uint8Array.from(test, (row) => interactions.label[row]!);
  const predictions = ['id-only', 'expctr-aug', 'post-hoc-aug', 'verdict-aug'].map((model) => {
    const stream = rng.fork('predictions', model);
    const skill = model === 'expctr-aug' ? 1 : 0.5;
    return {
      model,
      interactionId: test,
      label,
      probability: Float32Array.from(label, (y) => sigmoid(skill * (2 * y - 1) + stream.normal())),
    };
  });
  await writeTable(join(folder, 'predictions', 'test.arrow'), predictionsToTable(predictions));
  return folder;
}

function explain({ interactions, items, truth }: PreparedWorld, row: number, stage: string, careful: number, rng: Rng): Explanation {
  const isCareful = rng.next() < careful;
  const own = Object.entries(items.attributes).flatMap(([field, lists]) =>
    lists[interactions.item[row]!]!.map((value) => ({ field, value })),
  );
  const claims: Claim[] = isCareful
    ? trueReasons(truth[row]!)
    : rng
        .shuffle(own)
        .slice(0, 2)
        .map((attribute) => ({ ...attribute, sign: 1, strength: 2 }));
  const read =
    claims.map(({ value, sign, strength }) => `${value} ${VERBS[`${sign}${strength}`]} them.`).join(' ') || 'nothing stands out.';
  const balance = claims.reduce((sum, { sign }) => sum + sign, 0);
  const p = sigmoid(balance + 0.3 * rng.normal());
  return {
    interactionId: row,
    iteration: stage === 'final' ? 1 : 0,
    stage,
    explanation: read,
    read,
    tokenCount: 4 * claims.length + 2,
    finishReason: 'stop',
    rewards: { p_lc: p, ...(stage.endsWith('-rollouts') ? { lc: 1 - (interactions.label[row]! - p) ** 2 } : {}) },
  };
}

const VERBS = { '12': 'delights', '11': 'pleases', '-11': 'bores', '-12': 'repels' } as const;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
