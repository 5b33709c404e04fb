import * as ctr from '@expctr/ctr-models';
import * as data from '@expctr/data';
import * as encoder from '@expctr/encoder';
import * as evaluation from '@expctr/eval';
import * as llm from '@expctr/llm-lora';
import * as ppo from '@expctr/ppo';
import * as rewards from '@expctr/rewards';
import * as testbed from '@expctr/testbed';
import * as engine from '@expctr/tfjs-backend-onnx';
import { expect, test } from 'vitest';
import * as trainer from '../src/index.js';

type Call = (...args: unknown[]) => unknown;

/** Public functions that take options: the function, how many arguments stand before its options, and an option of it. */
const functions: readonly (readonly [name: string, call: unknown, before: number, option: string])[] = [
  ['fitCtr', ctr.fitCtr, 0, 'backbone'],
  ['chooseBackbone', ctr.chooseBackbone, 0, 'candidates'],
  ['buildFeatures', ctr.buildFeatures, 0, 'interactions'],
  ['fitSchema', ctr.fitSchema, 0, 'minimumCount'],
  ['encodeFeatures', ctr.encodeFeatures, 0, 'columns'],
  ['withVectors', ctr.withVectors, 2, 'schema'],
  ['loadCtrModel', ctr.loadCtrModel, 1, 'backbones'],
  ['expectedCalibrationError', ctr.expectedCalibrationError, 2, 'strategy'],
  ['createLearner', ppo.createLearner, 0, 'publishFolder'],
  ['createPublisher', ppo.createPublisher, 0, 'sampler'],
  ['rollOut', ppo.rollOut, 0, 'prompts'],
  ['scoreRollouts', ppo.scoreRollouts, 0, 'rollouts'],
  ['checkPolicy', ppo.checkPolicy, 0, 'maxNewTokens'],
  ['loadEncoder', encoder.loadEncoder, 2, 'encoders'],
  ['createHashedEncoder', encoder.createHashedEncoder, 0, 'dimension'],
  ['createTransformersEncoder', encoder.createTransformersEncoder, 1, 'maxTokens'],
  ['fitStaticTable', encoder.fitStaticTable, 1, 'smoothing'],
  ['loadCausalLM', llm.loadCausalLM, 1, 'threads'],
  ['createPolicy', llm.createPolicy, 2, 'limits'],
  ['loadCheckpoint', llm.loadCheckpoint, 1, 'families'],
  ['writeSafetensors', llm.writeSafetensors, 2, 'metadata'],
  ['prepareDataset', data.prepareDataset, 0, 'onBadRow'],
  ['prepareIntoFolder', data.prepareIntoFolder, 1, 'dataDir'],
  ['prepareTables', data.prepareTables, 1, 'dataset'],
  ['readRows', data.readRows, 0, 'dialect'],
  ['migrateTable', data.migrateTable, 2, 'rename'],
  ['createReader', rewards.createReader, 0, 'calibrate'],
  ['runReaderCheck', rewards.runReaderCheck, 0, 'threshold'],
  ['lcAlignment', rewards.lcAlignment, 0, 'form'],
  ['icAlignment', rewards.icAlignment, 0, 'teacher'],
  ['siblingAlignment', rewards.siblingAlignment, 0, 'siblings'],
  ['lengthReward', rewards.lengthReward, 0, 'minimum'],
  ['counterfactualReward', rewards.counterfactualReward, 0, 'direction'],
  ['groundingReward', rewards.groundingReward, 0, 'penalty'],
  ['repetitionReward', rewards.repetitionReward, 0, 'among'],
  ['languageReward', rewards.languageReward, 0, 'scripts'],
  ['httpReward', rewards.httpReward, 0, 'batchSize'],
  ['combine', rewards.combine, 1, 'normalize'],
  ['readOnce', rewards.readOnce, 1, 'withHistory'],
  ['generateWorld', testbed.generateWorld, 0, 'fieldWeights'],
  ['writeMovieLensShaped', testbed.writeMovieLensShaped, 1, 'ratingsPerUser'],
  ['writeRandomLlama', testbed.writeRandomLlama, 1, 'intermediate'],
  ['compile', engine.compile, 2, 'graphOptimization'],
  ['loadCompiled', engine.loadCompiled, 1, 'providers'],
  ['quantize', engine.quantize, 2, 'float32Backward'],
  ['adam', engine.adam, 0, 'learningRate'],
  ['adamw', engine.adamw, 0, 'weightDecay'],
  ['sgd', engine.sgd, 0, 'momentum'],
  ['evaluateRun', evaluation.evaluateRun, 1, 'resamples'],
  ['train', trainer.train, 1, 'progress'],
  ['resolveConfig', trainer.resolveConfig, 0, 'preset'],
];

test.each(functions)('%s refuses an option that it does not know, with the nearest name', async (name, call, before, option) => {
  const misspelled = option.slice(0, -1);
  const args = [...Array.from({ length: before }, () => ({})), { [misspelled]: 1 }];
  const attempt = async (): Promise<unknown> => await (call as Call)(...args);
  await expect(attempt()).rejects.toMatchObject({ code: 'OPTIONS_UNKNOWN', where: name, wrongUse: true });
  await expect(attempt()).rejects.toThrow(new RegExp(`there is no option '${misspelled}'.* write ${option}`, 'u'));
});
