import { createRng, type SeedPath } from '@expctr/core';
import { expectTypeOf, test } from 'vitest';
import type { AnswerScorer, Sampler, SamplingOptions, TokenConstraint } from '../src/index.js';
import type { LanguageModel, TrainablePolicy } from '../src/training.js';

test('a language model samples, reads and is trained', () => {
  expectTypeOf<LanguageModel>().toExtend<TrainablePolicy>();
  expectTypeOf<LanguageModel>().toExtend<AnswerScorer>();
  expectTypeOf<TrainablePolicy>().toExtend<Sampler>();
});

test('a sampling request is JSON but for its callbacks and a constraint of one’s own', () => {
  type Plain = Omit<SamplingOptions, 'onProgress' | 'onToken' | 'onCompletion' | 'signal'>;
  type Json = number | string | null | undefined | readonly Json[];
  type JsonConstraint = { readonly choices: readonly string[] } | { readonly jsonSchema: Readonly<Record<string, unknown>> };
  expectTypeOf<Exclude<Plain[keyof Plain], TokenConstraint>>().toExtend<Json | JsonConstraint>();
  expectTypeOf<ReturnType<typeof createRng>['path']>().toEqualTypeOf<SeedPath>();
});
