import { mkdtemp, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, type Rng } from '@expctr/core';
import {
  CURVE_PREDICTORS,
  curveModel,
  explanationsFromRows,
  explanationsToTable,
  interactionsToTable,
  itemsToTable,
  neutralWords,
  PREDICTORS,
  predictionsToTable,
  usersToTable,
  writeTable,
  type Explanation,
  type Interactions,
  type Items,
} from '@expctr/data';

/** What a synthetic run is like. */
export interface SyntheticRun {
  readonly users?: number;
  readonly seed?: number;
  /** How well each predictor knows the label: its logit is `skill` times the sign plus a standard normal deviate. */
  readonly skill?: Readonly<Record<string, number>>;
  readonly models?: readonly string[];
  /** Label of every row instead of a coin. */
  readonly label?: 0 | 1;
  readonly titles?: readonly string[];
  readonly texts?: readonly string[];
  /** How well p_LC knows the labels of policy rows; of other rows it is 0.5. */
  readonly policySkill?: number;
  /** Sizes of the learning curve; default 50 and 100 of 240 CTR rows. */
  readonly curve?: readonly number[];
  /** Lines that replace those of log.jsonl. */
  readonly log?: readonly string[];
}

const rowsPerUser = 12; // 5 policy, 5 CTR, 1 validation, 1 test, and the rest test
const skills: Readonly<Record<string, number>> = {
  'expctr-aug': 1.1,
  'id-history': 0.7,
  'id-only': 0.5,
  'id-only-full': 0.6,
  'verdict-aug': 0.6,
  'expctr-llm': 0.7,
  icl: 0.2,
};

/** Writes a run folder as expctr-train does, from nothing but a seed, and gives its path. */
export async function syntheticRun(options: SyntheticRun = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-eval-'));
  await writeRun(folder, options);
  return folder;
}

export async function writeRun(folder: string, options: SyntheticRun): Promise<void> {
  const { users = 60, seed = 1 } = options;
  const rng = createRng(seed);
  const interactions = makeInteractions(users, rng.fork('interactions'), options.label);
  const items = makeItems(interactions, options.titles);
  await mkdir(join(folder, 'data'), { recursive: true });
  const config = {
    dataset: 'synthetic',
    seed,
    iterations: 1,
    llm: { model: '/models/stories260K' },
    encoder: { model: 'hashed:64' },
    ctr: { backbone: 'deepfm' },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'data', 'card.json'), JSON.stringify({ words: neutralWords }));
  await writeTable(join(folder, 'data', 'interactions.arrow'), interactionsToTable(interactions));
  await writeTable(join(folder, 'data', 'items.arrow'), itemsToTable(items));
  const { userIds } = interactions;
  await writeTable(join(folder, 'data', 'users.arrow'), usersToTable({ length: userIds.length, userIds, attributes: {} }));
  await writeTable(join(folder, 'predictions', 'test.arrow'), predictionsToTable(predict(interactions, rng.fork('predictions'), options)));
  const curve = (options.curve ?? [50, 100]).flatMap((rows) => CURVE_PREDICTORS.map((name) => curveModel(name, rows)));
  if (curve.length > 0) {
    const predictions = predict(interactions, rng.fork('curve'), { models: curve });
    await writeTable(join(folder, 'predictions', 'learning-curve.arrow'), predictionsToTable(predictions));
  }
  for (const stage of ['post-hoc', 'final']) {
    await writeTable(
      join(folder, 'explanations', `${stage}.arrow`),
      explanationsToTable(explanationsFromRows(explain(interactions, stage, rng.fork(stage), options))),
    );
  }
  await writeFile(join(folder, 'log.jsonl'), `${(options.log ?? logLines(rng.fork('log'))).join('\n')}\n`);
  const timing = [
    { name: 'reader check', seconds: 14.2 },
    { name: 'stage1', seconds: 612.4, updates: 100, tokensPerSecond: 241.5 },
    { name: 'stage2-1', seconds: 180 },
    { name: 'stage3-1', seconds: 402 },
    { name: 'final', seconds: 233 },
  ];
  await writeFile(join(folder, 'timing.jsonl'), timing.map((line) => JSON.stringify(line)).join('\n'));
}

function makeInteractions(users: number, rng: Rng, label?: 0 | 1): Interactions {
  const length = users * rowsPerUser;
  const row = <T>(make: (within: number, row: number) => T): T[] => Array.from({ length }, (_, at) => make(at % rowsPerUser, at));
  const history = row((within, at) => Array.from({ length: Math.min(within, 4) }, (_, back) => at - Math.min(within, 4) + back));
  const offsets = new Uint32Array(length + 1);
  history.forEach((ids, at) => (offsets[at + 1] = (offsets[at] ?? 0) + ids.length));
  const itemCount = 40;
  return {
    length,
    interactionId: Uint32Array.from({ length }, (_, at) => at),
    user: Int32Array.from({ length }, (_, at) => Math.floor(at / rowsPerUser)),
    item: Int32Array.from({ length }, () => rng.int(itemCount)),
    userIds: Array.from({ length: users }, (_, user) => `u${user}`),
    itemIds: Array.from({ length: itemCount }, (_, item) => `i${item}`),
    label: Uint8Array.from({ length }, () => label ?? (rng.next() < 0.55 ? 1 : 0)),
    rating: new Float32Array(length).fill(4),
    timestamp: Float64Array.from({ length }, (_, at) => 1e12 + at * 1000),
    split: Uint8Array.from(row((within) => (within < 8 ? 0 : within < 9 ? 1 : 2))),
    slice: Uint8Array.from(row((within) => (within < 4 ? 0 : within < 8 ? 1 : 2))),
    historyOffsets: offsets,
    history: Uint32Array.from(history.flat()),
  };
}

function makeItems(interactions: Interactions, titles: readonly string[] = ['The Lantern Keeper', 'Cold Ledger', 'Two Left Shoes']): Items {
  const itemIds = interactions.itemIds;
  const genres = [['Drama', 'Romance'], ['Crime'], ['Comedy'], ['Sci-Fi', 'Thriller']];
  return {
    length: itemIds.length,
    itemIds,
    title: itemIds.map((_, item) => `${titles[item % titles.length] ?? ''} (${1970 + item})`),
    attributes: { genres: itemIds.map((_, item) => genres[item % genres.length] ?? []) },
    year: Float32Array.from(itemIds, (_, item) => 1970 + item),
  };
}

function predict(interactions: Interactions, rng: Rng, { models = PREDICTORS, skill = skills }: SyntheticRun) {
  const ids = interactions.interactionId.filter((_, row) => interactions.split[row] === 2);
  const label = Uint8Array.from(ids, (id) => interactions.label[id] ?? 0);
  return models.map((model) => {
    const stream = rng.fork(model);
    const know = skill[model] ?? 0.4;
    return {
      model,
      interactionId: ids,
      label,
      probability: Float32Array.from(label, (y) => sigmoid(know * (y === 1 ? 1 : -1) + stream.normal())),
    };
  });
}

function explain(interactions: Interactions, stage: string, rng: Rng, { texts, policySkill = 0.3 }: SyntheticRun): Explanation[] {
  const likes = [
    'The user has enjoyed several slow dramas about grief.',
    'Thrillers set in big cities got high marks from this viewer.',
    'The liked films share a quiet mood with this one.',
  ];
  const dislikes = ['This viewer gave crime films bad marks.', 'Sentimental romances bored this user every time.'];
  // As the trainer does: CTR, validation and test rows by both policies, and policy rows, for the audit, by the final one.
  const wanted = Array.from(interactions.interactionId).filter((row) => interactions.slice[row] !== 0 || stage === 'final');
  return wanted.map((interactionId) => {
    const label = interactions.label[interactionId] ?? 0;
    const pool = texts ?? (stage === 'final' ? (label === 1 ? likes : dislikes) : [...likes, 'It is a film.']);
    const explanation = pool[rng.int(pool.length)] ?? '';
    const isPolicy = interactions.slice[interactionId] === 0;
    return {
      interactionId,
      iteration: stage === 'final' ? 1 : 0,
      stage,
      explanation: stage === 'final' && rng.next() < 0.2 ? `${explanation} So the user will love it.` : explanation,
      read: explanation,
      tokenCount: 12 + rng.int(20),
      finishReason: rng.next() < 0.1 ? 'length' : 'stop',
      ...(stage !== 'post-hoc'
        ? { rewards: { p_lc: sigmoid((isPolicy ? policySkill : 0.3) * (label === 1 ? 1 : -1) + rng.normal()) } }
        : {}),
    };
  });
}

function logLines(rng: Rng): string[] {
  const lines: unknown[] = [
    {
      event: 'reader-check',
      chosen: 'few-shot',
      passed: true,
      forms: [
        {
          form: 'few-shot',
          aucReasons: 0.86,
          aucReasonsInterval: [0.81, 0.9],
          aucVerdict: 0.99,
          aucVerdictInterval: [0.97, 1],
          statements: 200,
        },
        {
          form: 'continuation',
          aucReasons: 0.74,
          aucReasonsInterval: [0.68, 0.8],
          aucVerdict: 0.97,
          aucVerdictInterval: [0.93, 1],
          statements: 200,
        },
      ],
      skipped: [{ form: 'chat', reason: 'the tokenizer has no chat template' }],
    },
    {
      event: 'history-backbone',
      chosen: 1,
      candidates: [
        { backbone: 'logistic-regression', embeddingL2: 1, validAuc: 0.71 },
        { backbone: 'din', embeddingL2: 0.01, validAuc: 0.74 },
      ],
    },
  ];
  for (const [stage, iteration, updates, name] of [
    ['stage1', 0, 40, 'lc'],
    ['stage3', 1, 20, 'ic'],
  ] as const) {
    for (let step = 1; step <= updates; step += 1) {
      const metrics = {
        'objective/kl': 0.02 * step + 0.3 * rng.next(),
        'objective/entropy': 3 - 0.004 * step + 0.1 * rng.normal(),
        [`reward/${name}`]: 0.74 + 0.0006 * step + 0.02 * rng.normal(),
        [`reward/${name}/best_constant`]: 0.7525 + 0.004 * rng.normal(),
        [`reward/${name}/within_prompt_std`]: 0.06 + 0.01 * rng.next(),
        [`reward/${name}/between_prompt_std`]: 0.12 + 0.02 * rng.next(),
        'reward/format': 0.7 + 0.001 * step + 0.02 * rng.normal(),
      };
      lines.push({ event: 'update', stage, iteration, step, metrics });
    }
  }
  for (const model of ['id-only', 'expctr-aug', 'verdict-aug', 'shuffled-aug']) {
    const height = skills[model] ?? 0.4;
    for (let epoch = 1; epoch <= 8; epoch += 1) {
      lines.push({
        event: 'ctr-epoch',
        model,
        iteration: 2,
        epoch,
        metrics: {
          'train/logloss': 0.69 - 0.03 * epoch,
          'valid/logloss': 0.69 - 0.02 * epoch + 0.002 * epoch ** 2,
          'valid/auc': 0.5 + 0.2 * height * (1 - Math.exp(-epoch / 2)) - 0.001 * epoch,
        },
      });
    }
  }
  lines.push({ event: 'warning', code: 'PROMPT_TRUNCATED', message: '37 prompts lost 112 of their oldest history entries.' });
  return lines.map((line) => JSON.stringify(line));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
