import type { Rng } from '@expctr/core';
import { solvePositiveDefinite } from '../positive-definite.js';
import { VALUE_COUNT } from '../world/vocabulary.js';
import type { World } from '../world/world.js';
import { DEGREES } from './phrases.js';
import { situationOf, type Situation } from './situation.js';
import { careful, claimsOn, type CodedClaim } from './writers.js';

/** The right answers to the questions that a reader is asked. */
export interface Answers {
  /** P(yes) for an item with these values after a statement. */
  afterStatement(claims: readonly CodedClaim[], values: readonly number[]): number;
  /** P(yes) for an item with these values after a history, by the tastes that it lets one expect. */
  afterHistory(expected: Float64Array, values: readonly number[]): number;
}

/**
 * What a reader is given to read: what a careful writer says, whole or in part, and distractors, that is tastes of the user that the item
 * does not touch, so that a reader has to look at the item. Readers learn from honest statements only, and so believe what they read.
 */
export function statement(situation: Situation, rng: Rng): CodedClaim[] {
  const draw = rng.next();
  const reasons = careful(situation, rng);
  if (draw < 0.4) return reasons;
  if (draw < 0.6) return rng.shuffle(reasons).filter(() => rng.next() < 0.6);
  const absent = absentClaims(situation, rng);
  if (draw < 0.8) return absent.slice(0, 1 + rng.int(4));
  return rng.shuffle([...reasons.slice(0, 3), ...absent.slice(0, 1 + rng.int(2))]);
}

/** Tastes of the user that the item does not touch, in an order drawn. */
export function absentClaims({ values, expected }: Pick<Situation, 'values' | 'expected'>, rng: Rng): CodedClaim[] {
  const order = rng.shuffle(Array.from({ length: VALUE_COUNT }, (_, value) => value));
  return claimsOn(
    order.filter((value) => !values.includes(value)),
    expected,
  );
}

/** Situations of a user that are counted. */
const PER_USER = 10;
const STEPS = 20;

/**
 * The Bayes-optimal probability that a statement lets one expect, by how many claims of each degree it makes about the item (claims about
 * what the item lacks say nothing), and that a history lets one expect, by the sum of the tastes for the item's values. Two logistic
 * regressions, fitted by Newton's method: the same expectation as the label's, with so little noise that a small model learns from few
 * answers.
 */
export function answersOf(world: World, rng: Rng): Answers {
  const statements: Row[] = [];
  const histories: Row[] = [];
  for (let at = 0; at < world.options.users; at += 1) {
    const user = world.user(at);
    for (let k = 0; k < PER_USER; k += 1) {
      const situation = situationOf(world, user, rng.int(user.rows.length));
      const { values, expected, bayesProbability: probability } = situation;
      statements.push({ inputs: countsOf(statement(situation, rng), values), probability });
      histories.push({ inputs: sumOf(expected, values), probability });
    }
  }
  const [ofStatement, ofHistory] = [logisticRegression(statements), logisticRegression(histories)];
  return {
    afterStatement: (claims, values) => sigmoid(dot(countsOf(claims, values), ofStatement)),
    afterHistory: (expected, values) => sigmoid(dot(sumOf(expected, values), ofHistory)),
  };
}

/** 1, and the tastes for the item's values. */
const sumOf = (expected: Float64Array, values: readonly number[]): number[] => [
  1,
  values.reduce((sum, value) => sum + expected[value]!, 0),
];

interface Row {
  readonly inputs: readonly number[];
  readonly probability: number;
}

/** 1, and how many claims of each degree are about the item. */
function countsOf(claims: readonly CodedClaim[], values: readonly number[]): number[] {
  return [1, ...DEGREES.map((wanted) => claims.filter(([value, degree]) => degree === wanted && values.includes(value)).length)];
}

function logisticRegression(rows: readonly Row[]): number[] {
  const width = rows[0]!.inputs.length;
  let weights = new Array<number>(width).fill(0);
  for (let step = 0; step < STEPS; step += 1) {
    const [curvature, gradient] = [new Float64Array(width * width), new Float64Array(width)];
    for (const { inputs, probability } of rows) {
      const p = sigmoid(dot(inputs, weights));
      for (let a = 0; a < width; a += 1) {
        for (let b = 0; b < width; b += 1) curvature[a * width + b]! += p * (1 - p) * inputs[a]! * inputs[b]!;
        gradient[a]! += (probability - p) * inputs[a]!;
      }
    }
    const change = solvePositiveDefinite(curvature, gradient);
    weights = weights.map((weight, at) => weight + change[at]!);
  }
  return weights;
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
