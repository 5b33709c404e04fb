import { expect, test } from 'vitest';
import { modelAsset } from '../src/index.js';

test('a missing asset names itself and the variable that finds it', () => {
  expect(modelAsset('no-such-model').missing).toMatch(/no-such-model.*EXPCTR_MODELS/);
});
