import type { AnswerScorer, Tokenizer } from '@expctr/language-model';
import type { ScoreAnswers } from './reader.js';

/** A language model that answers: any `LanguageModel` is one, and so is a server with the model's tokenizer beside it. */
export type AnsweringModel = AnswerScorer & { readonly tokenizer: Pick<Tokenizer, 'encode' | 'encodeText'> };

/** What {@link createReader} asks, answered by the base model of a language model: its adapter is off. */
export function modelAnswers(model: AnsweringModel): ScoreAnswers {
  const { tokenizer } = model;
  return async (prompts, { yes, no }) => {
    const answers = [tokenizer.encodeText(yes), tokenizer.encodeText(no)];
    const scores = await model.scoreAnswers(
      prompts.map((prompt) => tokenizer.encode(prompt)),
      prompts.map(() => answers),
      { adapter: null },
    );
    return scores.map(([logYes = NaN, logNo = NaN]) => ({ yes: logYes, no: logNo }));
  };
}
