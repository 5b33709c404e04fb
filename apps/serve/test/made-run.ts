import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRng } from '@expctr/core';
import { buildFeatures, fitCtr, selectRows, withVectors } from '@expctr/ctr-models';
import {
  explanationsFromRows,
  explanationsToTable,
  predictionsToTable,
  readDataset,
  rowsOf,
  writeDataset,
  writeTable,
  type ModelPredictions,
  type StoredDataset,
} from '@expctr/data';
import { attributeEncoder, itemVectorsToTable, type ItemVectors } from '@expctr/encoder';
import { FINAL, openArtifacts, P_LC, runFolder, type RunFolder } from '@expctr/run';
import { openEncoder, POLICY, prepareData, resolveConfig, loadPolicy, type Settings } from '@expctr/trainer';
import { useOnnx } from '@expctr/tfjs-backend-onnx';

/** A run as expctr-train leaves it, made of the parts that serving reads. */
export interface MadeRun {
  readonly folder: RunFolder;
  readonly settings: Settings;
  readonly dataset: StoredDataset;
  /** What the run was given of the items' images. */
  readonly images: ItemVectors;
  /** What the trainer's own prediction of test rows is. */
  readonly predictions: readonly ModelPredictions[];
}

/** Words that stand in for a language model's. */
export const textOf = (row: number): string => `They like what ${row % 5} tells, and number ${row} is like that.`;

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'expctr-serve-'));

/** Settings of a second's work. */
export function tinySettings(...sets: string[]): Promise<Settings> {
  return resolveConfig({
    preset: 'demo',
    sets: [
      'threads=1',
      'data.maxInteractions=120',
      'data.history.length=4',
      'llm.maxNewTokens=6',
      'llm.maxPromptTokens=160',
      'encoder.model=hashed:8',
      'encoder.byAttribute=true',
      ...sets,
    ],
  });
}

/** Writes the data, explanations, models and predictions of a run. @param seed of the models: another one is another run */
export async function makeRun(root: string, seed = 1, sets: readonly string[] = []): Promise<MadeRun> {
  await useOnnx();
  const settings = await tinySettings(...sets);
  const folder = runFolder(root);
  await mkdir(root, { recursive: true });
  await writeFile(folder.config, JSON.stringify(settings.config));
  const artifacts = await openArtifacts(folder);
  const prepared = await prepareData(settings, newFolder);
  await artifacts.once('data', () => writeDataset(folder.data, prepared), [folder.data]);
  const dataset = await readDataset(folder.data);
  const { interactions, items } = dataset;

  const [fitRows, valid, test] = [rowsOf(interactions, 'train'), rowsOf(interactions, 'valid'), rowsOf(interactions, 'test')];
  const explained = Uint32Array.from([...fitRows, ...valid, ...test]);
  const explanations = explanationsFromRows(
    Array.from(explained, (row) => ({
      interactionId: row,
      iteration: 1,
      stage: FINAL,
      explanation: `${textOf(row)} Yes.`,
      read: textOf(row),
      tokenCount: 6,
      finishReason: 'stop' as const,
      rewards: { [P_LC]: row === test[0] ? null : 0.25 },
    })),
  );
  await artifacts.once('explanations', () => writeTable(folder.explanations(FINAL), explanationsToTable(explanations)), [
    folder.explanations(FINAL),
  ]);

  const images = itemVectors(items.itemIds, seed);
  await artifacts.once('item-images', () => writeTable(folder.itemImages, itemVectorsToTable(images)), [folder.itemImages]);
  const image = { ...images, itemCodes: Int32Array.from(items.itemIds.keys()) };
  const plain = buildFeatures({ interactions, items, fitRows, evidence: true, events: true, vectors: { image } });
  const encoder = attributeEncoder(await openEncoder(settings), Object.keys(items.attributes));
  const data = await encoder.encode(
    Array.from(explained, (row) => ({
      text: textOf(row),
      attributes: Object.fromEntries(Object.entries(items.attributes).map(([name, lists]) => [name, lists[interactions.item[row]!]!])),
    })),
  );
  const features = withVectors(plain, { z: { data, dimension: encoder.dimension, interactionIds: explained } });
  const predictions: ModelPredictions[] = [];
  for (const [model, path, of, backbone] of [
    ['expctr-aug', folder.ctr, features, 'din'],
    ['id-history', folder.checkpoint('ctr-id-history'), plain, 'logistic-regression'],
  ] as const) {
    const fitted = await fitCtr({
      backbone,
      train: selectRows(of, fitRows),
      valid: selectRows(of, valid),
      options: {
        epochs: 1,
        batchSize: 64,
        embeddingDimension: 4,
        learningRate: 0.01,
        ...(backbone === 'din' ? { hidden: [8], attentionUnits: 4 } : {}),
      },
      rng: createRng(seed),
    });
    await artifacts.once(model, () => fitted.save(path), [path]);
    predictions.push({
      model,
      interactionId: test,
      label: Uint8Array.from(test, (row) => interactions.label[row]!),
      probability: Float32Array.from(await fitted.predict(selectRows(of, test))),
    });
    await fitted.dispose();
  }
  await mkdir(dirname(folder.predictions), { recursive: true });
  await artifacts.once('predictions', () => writeTable(folder.predictions, predictionsToTable(predictions)), [folder.predictions]);
  artifacts.log.close();
  return { folder, settings, dataset, images, predictions };
}

/** Numbers that stand in for what a model makes of the items' images. */
function itemVectors(itemIds: readonly string[], seed: number): ItemVectors {
  const rng = createRng(seed).fork('images');
  const dimension = 3;
  const data = Float32Array.from({ length: itemIds.length * dimension }, () => rng.normal());
  return { itemIds, data, dimension, encoder: 'made up' };
}

/** Adds the language model that wrote the explanations, as it is before training. */
export async function addPolicy({ folder, settings, dataset }: MadeRun): Promise<Awaited<ReturnType<typeof loadPolicy>>> {
  const models = await loadPolicy(settings, newFolder, dataset);
  models.policy.adapters.create(POLICY, createRng(1));
  await models.policy.adapters.save(POLICY, folder.adapter(FINAL));
  return models;
}
