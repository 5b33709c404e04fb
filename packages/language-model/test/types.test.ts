import { createRng, type SeedPath } from '@expctr/core';
import { expectTypeOf, test } from 'vitest';
import type { AnswerScorer, Sampler, SamplingOptions } from '../src/index.js';
import type { LanguageModel, TrainablePolicy } from '../src/training.js';

test('a language model samples, reads and is trained', () => {
  expectTypeOf<LanguageModel>().toExtend<TrainablePolicy>();
  expectTypeOf<LanguageModel>().toExtend<AnswerScorer>();
  expectTypeOf<TrainablePolicy>().toExtend<Sampler>();
});

test('a sampling request is JSON but for its callbacks', () => {
  type Plain = Omit<SamplingOptions, 'onProgress' | 'onToken' | 'signal'>;
  type Json = number | string | null | undefined | readonly Json[];
  expectTypeOf<Plain[keyof Plain]>().toExtend<Json>();
  expectTypeOf<ReturnType<typeof createRng>['path']>().toEqualTypeOf<SeedPath>();
});
