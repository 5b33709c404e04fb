import { createRng } from '@expctr/core';
import { generateWorld } from '@expctr/testbed';
import { careful, explanationPrompt, sayClaims, situationOf, VOCABULARY } from '@expctr/testbed/pretraining';

/** What a model is shown and what it is to say. */
export interface PromptAndCompletion {
  readonly prompt: string;
  readonly completion: string;
}

/** Explanations of a careful writer in the testbed's world: what the small model does not write by itself. */
export function carefulExplanations(count: number): PromptAndCompletion[] {
  const world = generateWorld({ seed: 'browser', items: 120, users: count, fieldWeights: 'by-user' });
  const rng = createRng('browser');
  return Array.from({ length: count }, (_, at) => {
    const user = world.user(at);
    const situation = situationOf(world, user, user.rows.length - 1);
    const words = explanationPrompt(situation).slice(1); // the tokenizer begins the sequence itself
    return {
      prompt: words.map((id) => VOCABULARY[id]!).join(' '),
      completion: sayClaims(careful(situation, rng), situation.names),
    };
  });
}
