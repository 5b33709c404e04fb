import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { predictionsToTable, PREDICTORS, readDataset, readTable, rowsOf, interactionsFromTable, writeTable } from '@expctr/data';
import { readRun } from '@expctr/eval';
import { readManifest, readRunLog, runFolder } from '@expctr/run';
import { createRng, sha256 } from '@expctr/core';
import { buildFeatures, calibrate, fitCalibrator, fitCtr, loadCalibrator, loadCtrModel, selectRows } from '@expctr/ctr-models';
import { filesIn } from '../bytes.js';
import { promise, type Files, type Target } from '../target.js';
import { writeExplanations } from './explanations.js';
import { preparedFiles } from './tables.js';

async function runFiles(folder: string): Promise<Files> {
  const data = await preparedFiles(join(folder, 'prepared'));
  const { interactionId, label, ...interactions } = interactionsFromTable(
    await readTable(join(folder, 'prepared', 'data', 'interactions.arrow')),
  );
  const rows = [...rowsOf({ interactionId, label, ...interactions }, 'test')];
  const of = {
    interactionId: Uint32Array.from(rows),
    label: Uint8Array.from(rows, (row) => label[row]!),
    probability: new Float32Array(rows.length).fill(0.5),
  };
  const run = runFolder(join(folder, 'run'));
  await writeTable(run.predictions, predictionsToTable(PREDICTORS.map((model) => ({ model, ...of }))));
  await writeExplanations(run.explanations('final'), rows, { lc: 0.5 });
  return {
    ...filesIn(run.root),
    ...Object.fromEntries(Object.entries(data).map(([name, bytes]) => [`data/${name}`, bytes])),
    'config.json': Buffer.from(JSON.stringify({ dataset: 'table', seed: 1 })),
    'log.jsonl': Buffer.from(LOG),
  };
}

const LOG = [
  {
    event: 'reader-check',
    chosen: 'statement',
    passed: true,
    threshold: 0.6,
    forms: [
      { form: 'statement', aucReasons: 0.9, aucReasonsInterval: [0.8, 1], aucVerdict: 0.9, aucVerdictInterval: [0.8, 1], statements: 20 },
    ],
    skipped: [],
  },
  { event: 'update', stage: 'stage1', iteration: 0, step: 1, metrics: { reward: 0.5 } },
  { event: 'ctr-epoch', model: 'id-only', iteration: 0, epoch: 1, metrics: { auc: 0.5 } },
  { event: 'warning', code: 'X', message: 'y' },
]
  .map((line) => JSON.stringify(line))
  .join('\n');

/** A click model of a few weights, without its ONNX form, which is not read here. */
async function clickModelFiles(folder: string): Promise<Files> {
  await preparedFiles(folder);
  const { interactions, items } = await readDataset(join(folder, 'data'));
  const train = rowsOf(interactions, 'train');
  const features = buildFeatures({ interactions, items, fitRows: train });
  const [rows, valid] = [selectRows(features, train), selectRows(features, rowsOf(interactions, 'valid'))];
  const options = { epochs: 1, hidden: [4], embeddingDimension: 2 };
  const model = await fitCtr({ backbone: 'deepfm', train: rows, valid, options, rng: createRng(1) });
  await model.save(join(folder, 'model'));
  return Object.fromEntries(Object.entries(filesIn(join(folder, 'model'))).filter(([name]) => !name.endsWith('.onnx')));
}

const MANIFEST = { format: 'expctr-run/1', identity: null, completed: [], partial: {}, log: { bytes: 0, sha256: sha256('') } };

/** A manifest with the checksum of its content. */
function signed(manifest: object): Buffer {
  return Buffer.from(JSON.stringify({ ...manifest, sha256: sha256(JSON.stringify(manifest)) }));
}

/** Readers of run folders and of configurations. */
export const runsTargets: readonly Target[] = [
  {
    name: 'run-folder',
    description: 'the files of a run folder that are evaluated',
    samples: async (folder) => [await runFiles(folder)],
    changes: (file) => !file.endsWith('.html'),
    async read(folder) {
      const { predictions } = await readRun(folder);
      promise(predictions !== undefined, 'a run has predictions');
    },
  },
  {
    name: 'click-model',
    description: 'config.json and tensors of a click model',
    samples: async (folder) => [await clickModelFiles(folder)],
    async read(folder) {
      const config = join(folder, 'config.json');
      const text = readFileSync(config, 'utf8'); // with the checksum of the tensors that are there
      writeFileSync(
        config,
        text.replace(/"tensorsSha256": ?"[0-9a-f]{64}"/u, `"tensorsSha256":"${sha256(readFileSync(join(folder, 'tensors.safetensors')))}"`),
      );
      await loadCtrModel(folder);
    },
  },
  {
    name: 'calibrator',
    description: 'a calibrator of click probabilities',
    samples: () =>
      Promise.resolve(
        (['temperature', 'platt', 'isotonic'] as const).map((kind) => ({
          'x.json': Buffer.from(
            JSON.stringify({ format: 'ctr-calibrator/1', calibrator: fitCalibrator(kind, [0, 1, 0, 1, 1], [0.1, 0.4, 0.5, 0.6, 0.9]) }),
          ),
        })),
      ),
    async read(folder) {
      const calibrated = calibrate(await loadCalibrator(join(folder, 'x.json')), [0, 0.3, 1]);
      promise(
        calibrated.every((p) => p >= 0 && p <= 1),
        'calibrated probabilities are probabilities',
      );
    },
  },
  {
    name: 'run-log',
    description: 'log.jsonl and manifest.json',
    samples: () => Promise.resolve([{ 'log.jsonl': Buffer.from(LOG), 'manifest.json': signed(MANIFEST) }]),
    async read(folder) {
      const { updates } = await readRunLog(join(folder, 'log.jsonl'));
      promise(
        updates.every(({ step }) => Number.isFinite(step)),
        'steps are numbers',
      );
      await readManifest(runFolder(folder));
    },
  },
  {
    name: 'config',
    description: 'configuration files',
    samples: () =>
      Promise.resolve([
        {
          'x.json': Buffer.from(
            JSON.stringify({
              dataset: 'testbed',
              seed: 1,
              iterations: 1,
              data: { kCore: 2, history: { length: 3 } },
              ctr: { backbone: 'deepfm', hidden: [8] },
              ppo: { algorithm: 'ppo' },
            }),
          ),
        },
      ]),
    async read(folder) {
      const { resolveConfig } = await import('@expctr/trainer'); // it brings much along
      await resolveConfig({ preset: 'demo', file: join(folder, 'x.json') });
    },
  },
];
