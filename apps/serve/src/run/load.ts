import { existsSync } from 'node:fs';
import { sha256 } from '@expctr/core';
import { readDataset } from '@expctr/data';
import { FINAL, sealOf, verifyRun } from '@expctr/run';
import { createBatcher } from '../batching.js';
import { createCache } from '../cache.js';
import { RequestError, ServeError } from '../errors.js';
import { openGenerator } from '../explain/generator.js';
import { noneStored, readStored, type Explanation } from '../explain/stored.js';
import { openVectors } from '../explain/vectors.js';
import type { EncodedRow } from '../inputs/encode-row.js';
import type { ServeMetrics } from '../metrics/serve-metrics.js';
import { openGraph, type Graph } from '../model/graph.js';
import type { ServeOptions } from '../options.js';
import { createDirectory } from '../pairs/directory.js';
import { EXPLANATION_VECTOR } from './explanation-vector.js';
import { readItemImages } from './item-images.js';
import { placeAt, type Place } from './place.js';
import type { Served, ServedData } from './served.js';
import { runSettings } from './settings.js';

/** Who hears of what is served. */
export interface LoadContext {
  readonly metrics: ServeMetrics;
  /** Told of an error that is nobody's fault but the server's. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Reads what lies at a path into memory, after its files were held against the run's own checksums.
 * @throws ServeError, RunFolderError, CtrError, DataError: whatever keeps it from being served
 */
export async function loadServed(path: string, options: ServeOptions, { metrics, onFailure }: LoadContext): Promise<Served> {
  const place = placeAt(path, options.predictor);
  if (place.kind === 'run') {
    const { folder, modelFolder } = place;
    await verifyRun(folder, [
      folder.config,
      folder.data,
      folder.itemImages,
      modelFolder,
      folder.explanations(FINAL),
      folder.adapter(FINAL),
    ]);
  }
  const graph = await openGraph(place.model, options);
  try {
    const data = place.kind === 'run' ? await loadData(place, graph, options, onFailure) : null;
    return {
      model: { predictor: place.kind === 'run' ? place.predictor : null, version: await versionOf(place) },
      graph,
      predict: createBatcher<EncodedRow, number>({
        run: (rows) => graph.run(rows),
        most: options.batchRows,
        wait: options.batchWait,
        queue: options.queueRows,
        full: (seconds) => new RequestError('SERVE_BUSY', 'too many rows wait', { remedy: 'ask again later', retryAfter: seconds }),
        onBatch: (rows, seconds) => metrics.batch(rows, seconds),
      }),
      data,
      async dispose() {
        await data?.generator?.close();
        await data?.vectors?.dispose();
        await graph.dispose();
      },
    };
  } catch (error) {
    await graph.dispose();
    throw error;
  }
}

async function loadData(
  place: Extract<Place, { kind: 'run' }>,
  graph: Graph,
  options: ServeOptions,
  onFailure: LoadContext['onFailure'],
): Promise<ServedData> {
  const { folder } = place;
  const settings = await runSettings(folder);
  const dataset = await readDataset(folder.data);
  const path = folder.explanations(FINAL);
  const stored = existsSync(path) ? await readStored(path, dataset.interactions) : noneStored;
  const z = graph.schema.features.find(({ name }) => name === EXPLANATION_VECTOR);
  const vectors = z?.kind === 'dense' ? await openVectors(settings, dataset, { dimension: z.dimension, kept: options.cacheTexts }) : null;
  try {
    return {
      directory: createDirectory(dataset, settings.config.data.history),
      words: dataset.words,
      stored,
      vectors,
      images: await readItemImages(folder.itemImages),
      generator: options.generate
        ? await openGenerator(policyOf(place), { queue: options.queueTexts, most: settings.config.llm.batchSize, onFailure })
        : null,
      texts: createCache<Explanation>(options.cacheTexts),
    };
  } catch (error) {
    await vectors?.dispose();
    throw error;
  }
}

function policyOf({ folder }: Extract<Place, { kind: 'run' }>): string {
  if (existsSync(folder.adapter(FINAL))) return folder.root;
  throw new ServeError('SERVE_NO_POLICY', 'the run has no language model that was trained', {
    where: folder.root,
    expected: 'adapters/final, as a run leaves it that came to its end',
    remedy: 'leave out --generate, and pairs that the run explained are looked up',
  });
}

async function versionOf(place: Place): Promise<string> {
  const files =
    place.kind === 'run' ? [place.model, place.folder.explanations(FINAL), `${place.folder.data}/interactions.arrow`] : [place.model];
  const seals = await Promise.all(files.filter((file) => existsSync(file)).map(async (file) => (await sealOf(file)).sha256));
  return sha256(seals.join('\n')).slice(0, 12);
}
