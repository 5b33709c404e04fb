export type { ChatMessage, ChatPrompt, CompletionPrompt, Prompt } from './prompt.js';
export type { TokenIds, Tokenizer } from './tokenizer.js';
export type { ChoiceConstraint, Constraint, JsonConstraint, NextTokens, TokenConstraint } from './constraint.js';
export type { Completion, Sampler, SamplingOptions } from './sampler.js';
export type { AnswerOptions, AnswerScorer } from './answer-scorer.js';
export type { SamplerPart, SamplerRequest } from './sampler-part.js';
export type { SeedPath } from '@expctr/core';
