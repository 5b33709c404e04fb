import { expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import type { FloatTensor } from '../../src/formats/host-tensor.js';
import { createPolicy } from '../../src/policy/causal-lm.js';
import { failure } from '../formats/failure.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { tinyTensors, writeTinyModel } from '../formats/tiny-model.js';
import { useBackend } from '../model/oracle.js';

const path = temporaryFolder();
const EMBEDDING = 'model.embed_tokens.weight';
const HEAD = 'lm_head.weight';

/** The tiny model with a head beside its embedding table. */
function withHead(head: (table: FloatTensor) => FloatTensor): Map<string, FloatTensor> {
  const tensors = tinyTensors();
  return tensors.set(HEAD, head(tensors.get(EMBEDDING)!));
}

async function logProbs(tensors: Map<string, FloatTensor>, tie: boolean): Promise<Float32Array> {
  await writeTinyModel(path('model'), { tensors, config: { tie_word_embeddings: tie } });
  const policy = createPolicy(await loadCheckpoint(path('model')));
  const [values] = await policy.logProbabilities({ prompts: [[1, 4, 7]], responses: [[3, 8, 2]] }, null);
  await policy.dispose();
  return values!;
}

test('a head that differs from the embedding table is used, though config.json ties the two', async () => {
  await useBackend('onnx');
  const other = withHead((table) => ({ ...table, data: table.data.with(-1, table.data.at(-1)! + 0.5) })); // in a single value
  const own = await logProbs(other, true);
  expect(own).toEqual(await logProbs(other, false));
  expect(own).not.toEqual(await logProbs(tinyTensors(), true));
  await writeTinyModel(path('model'), { tensors: other });
  const { config, tensors } = await loadCheckpoint(path('model'));
  expect(config).toMatchObject({ tiedEmbeddings: false });
  expect(tensors.get(HEAD)?.data).toEqual(other.get(HEAD)?.data);
});

test('a head that is a copy of the table stays tied, in one copy', async () => {
  await writeTinyModel(path('model'), { tensors: withHead((table) => table) });
  const { config, tensors } = await loadCheckpoint(path('model'));
  expect(config).toMatchObject({ tiedEmbeddings: true });
  expect(tensors.has(HEAD)).toBe(false);
});

test('a head of another size is refused by name', async () => {
  const longer = withHead((table) => ({ ...table, data: new Float32Array(88), shape: [11, 8] }));
  await writeTinyModel(path('model'), { tensors: longer });
  await expect(loadCheckpoint(path('model'))).rejects.toThrow(failure('CHECKPOINT_WRONG_SHAPE', HEAD, '[11, 8]', '[10, 8]'));
});
