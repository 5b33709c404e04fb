import type { Rng } from '@expctr/core';
import {
  defaultExplanationTemplate,
  defaultLcTemplate,
  renderExplanationPrompt,
  renderLcPrompt,
  type ItemText,
  type Prompt,
} from '@expctr/data';
import { inventMovies } from '../movielens-shaped/catalogue.js';
import { genres } from '../movielens-shaped/genres.js';

const MOVIES = 400;
const REASONS =
  'They liked its genre before and disliked slow films of that kind; this one is a movie with the same mood as the ones they gave five stars.';

/** The kind of text that a run puts before the model: both default prompts over invented movies. */
export function promptCorpus(rng: Rng): string[] {
  const movies = inventMovies(MOVIES, rng).map(({ title, genres: indices }): ItemText => ({
    title,
    attributes: { genres: indices.map((index) => genres[index]!.name) },
  }));
  return Array.from({ length: MOVIES / 8 }, (_, at) => {
    const [target, ...history] = movies.slice(8 * at, 8 * at + 8);
    const explain = renderExplanationPrompt(defaultExplanationTemplate, {
      target: target!,
      liked: history.slice(0, 4),
      disliked: history.slice(4),
    });
    const read = renderLcPrompt(defaultLcTemplate, 'few-shot', { item: target!, explanation: REASONS });
    return [explain, read].map(({ prompt }) => textOf(prompt)).join('\n');
  });
}

function textOf(prompt: Prompt): string {
  return prompt.form === 'completion' ? prompt.text : prompt.messages.map(({ content }) => content).join('\n');
}
