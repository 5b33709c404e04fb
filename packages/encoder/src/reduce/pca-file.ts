import { ExpctrError } from '@expctr/core';
import { buildTable, columnOf, float32Column, readNumbers, readTable, readVectors, vectorColumn, writeTable } from '@expctr/data';
import { EncoderError } from '../errors.js';
import type { Pca } from './pca.js';

const SCHEMA_NAME = 'pca/1';
const ENCODER = 'expctr.encoder';
const DIMENSION = 'expctr.dimension';
const TOTAL_VARIANCE = 'expctr.totalVariance';

/**
 * Writes a PCA as an Arrow file with schema pca/1: vector fixed_size_list<float32>[d], variance float32. The first row is the mean, whose
 * variance is null; each other is an axis. Encoder, dimension and the variance in all stand in the metadata `expctr.*`.
 */
export async function savePca(path: string, { encoder, dimension, components, mean, axes, variances, totalVariance }: Pca): Promise<void> {
  const rows = new Float32Array((1 + components) * dimension); // [1 + k, d]
  rows.set(mean);
  rows.set(axes, dimension);
  const columns = [vectorColumn('vector', dimension, rows), float32Column('variance', Float32Array.from([NaN, ...variances]), true)];
  const metadata = { [ENCODER]: encoder, [DIMENSION]: String(dimension), [TOTAL_VARIANCE]: String(totalVariance) };
  await writeTable(path, buildTable(SCHEMA_NAME, 1 + components, columns, metadata));
}

/** Reads a PCA. @throws EncoderError `ENCODER_PCA_FILE` for a file that is not there, is damaged, or holds something else */
export async function loadPca(path: string): Promise<Pca> {
  try {
    const table = await readTable(path);
    const { metadata } = table.schema;
    const schema = metadata.get('expctr.schema');
    if (schema !== SCHEMA_NAME) throw unusable(path, `its schema is ${schema ?? 'not named'}`);
    const [dimension, totalVariance] = [Number(metadata.get(DIMENSION)), Number(metadata.get(TOTAL_VARIANCE))];
    const components = table.numRows - 1;
    if (!(Number.isInteger(dimension) && dimension >= 1 && components >= 1 && components <= dimension))
      throw unusable(path, `it has ${components} axes of ${dimension} values`);
    if (!(Number.isFinite(totalVariance) && totalVariance >= 0)) throw unusable(path, `its variance is ${totalVariance}`);
    const rows = readVectors(columnOf(table, 'vector'), dimension);
    const variances = readNumbers(columnOf(table, 'variance'), new Float32Array(table.numRows)).slice(1);
    if (!rows.every(Number.isFinite) || !variances.every((variance) => Number.isFinite(variance) && variance >= 0))
      throw unusable(path, 'it holds a value that is not finite, or a variance below 0');
    return {
      encoder: metadata.get(ENCODER) ?? '',
      dimension,
      components,
      mean: rows.slice(0, dimension),
      axes: rows.slice(dimension),
      variances,
      totalVariance,
    };
  } catch (cause) {
    if (cause instanceof EncoderError || !(cause instanceof ExpctrError)) throw cause;
    throw unusable(path, cause.message, cause);
  }
}

function unusable(path: string, what: string, cause?: unknown): EncoderError {
  return new EncoderError('ENCODER_PCA_FILE', `this is no PCA: ${what}`, {
    where: path,
    expected: `an Arrow file with schema ${SCHEMA_NAME}, as savePca writes it`,
    remedy: 'check the path, or fit the PCA again',
    wrongUse: true,
    cause,
  });
}
