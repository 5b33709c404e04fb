// The model card: data, steps, losses, gates, and what the model can and cannot do.
import type { Kind, LessonMix } from '@expctr/testbed/pretraining';
import { judged, type Figures } from './gates.js';
import type { LossLine } from './loss-file.js';
import type { BatchShape, ModelSize, Weights } from './model.js';

/** What the card tells. */
export interface CardContent {
  /** Begins the seeds of the worlds that lessons come from. */
  readonly seed: string;
  readonly size: ModelSize;
  /** Number of words. */
  readonly vocabulary: number;
  readonly parameterCount: number;
  readonly shape: BatchShape;
  /** From which step on which lessons come how often. */
  readonly phases: readonly { readonly from: number; readonly mix: Omit<LessonMix, 'seed'> }[];
  readonly weights: Weights;
  readonly steps: number;
  /** Tokens, padding included. */
  readonly tokens: number;
  readonly curve: readonly LossLine[];
  readonly figures: Figures;
  /** Number of held-out situations. */
  readonly situations: number;
}

const KINDS: readonly Kind[] = ['profile', 'degrees', 'careful', 'other', 'reader', 'history'];
const number = (x: number): string => (Number.isInteger(x) ? String(x) : x.toFixed(3));
const share = (x: number): string => `${Math.round(100 * x)} %`;

/** @returns the card as Markdown */
export function cardOf(content: CardContent): string {
  const { seed, size, vocabulary, parameterCount, shape, phases, weights, steps, tokens, curve, figures, situations } = content;
  const { mix } = phases[0]!;
  const often = (kind: 'degrees' | 'reader' | 'history'): string =>
    phases.map((phase) => `${phase.mix[kind]}${phase.from === 0 ? '' : ` from step ${phase.from.toLocaleString('en')} on`}`).join(', ');
  const verdicts = judged(figures);
  const failed = verdicts.filter(({ passed }) => !passed).map(({ what }) => what);
  const gates = verdicts.map(
    ({ what, figure, wanted, passed }) => `| ${what} | ${number(figure)} | ${wanted} | ${passed ? 'yes' : '**no**'} |`,
  );
  const restarts = curve.flatMap(({ learningRate }, at) =>
    at > 4 && learningRate > 1.2 * curve[at - 1]!.learningRate ? [at, at + 1] : [],
  );
  const shown = [...new Set([1, 2, 4, 8, 16, 32, 64, 128, 256, ...restarts, curve.length])]
    .filter((at) => at <= curve.length)
    .sort((a, b) => a - b)
    .map((at) => curve[at - 1]!);
  const lossLines = shown.map(
    ({ step, losses, learningRate }) =>
      `| ${step.toLocaleString('en')} | ${learningRate.toExponential(1)} | ${KINDS.map((kind) => losses[kind]?.toFixed(3) ?? '').join(' | ')} |`,
  );
  return `# The testbed's small language model

A Llama of ${parameterCount.toLocaleString('en')} parameters (${size.layers} layers of width ${size.hidden}, ${size.heads} heads, feed-forward ${size.intermediate}; ${vocabulary} words, one token each), trained from scratch by this project with its own engine. Stored in float16. It knows the words of one simulated world and nothing else.

**Gates:** ${failed.length === 0 ? 'all passed.' : `not passed: ${failed.join('; ')}.`}

| on ${situations} held-out users and items | figure | wanted | passed |
| --- | --- | --- | --- |
${gates.join('\n')}

## Data
Text of simulated users and items (\`generateWorld\` with seeds that begin with "${seed}/"; evaluation worlds have numbers as seeds, so no evaluation user or item is in it). How much a field counts is drawn anew for every user, so the model cannot learn it; ${share(mix.secondDomain)} of the worlds speak of games, the others of stories. Each of these is seen once:
- **degrees** (${often('degrees')} for each explanation): the visible history as a profile (loved, liked, mixed, disliked, hated), then twenty values at random, most of which the user never met, each with what an ideal writer expects: delights, pleases, so-so, bores, repels. The ideal writer knows what words mean and weighs the visible history (\`expectedTastes\`);
- **explanations**: profile and item, then claims by one of three writers, no style marked: careful ones (${share(mix.writers.careful)}; what the ideal writer expects of the item's attributes), generic ones (${share(mix.writers.generic)}; the genre and the commonest values, always a little in favor) and careless ones (${share(mix.writers.careless)}; attributes of the item at random with degrees at random, one attribute in twenty invented);
- **questions after a statement** (${often('reader')} for each explanation): what a careful writer says, whole or in part, or with distractors (tastes that the item lacks); answered by the distribution over yes and no: the Bayes-optimal probability that as many claims of each degree about the item let one expect;
- **questions after a history** (${often('history')} for each explanation, eight items each), answered by the Bayes-optimal probability that the ideal writer's expectations of the item's attributes let one expect.

## Training
${steps.toLocaleString('en')} steps of ${shape.rows} rows of ${shape.time} tokens (${(tokens / 1e6).toFixed(1)} M tokens, padding included); AdamW (0.9, 0.98, weight decay 0.01), 200 steps of warm-up, then a learning rate that falls to a twentieth of its peak by the end of a sitting, and begins anew where training was stopped and gone on with (rises in the table); gradients clipped at norm 1; matrices begin with deviation 1/sqrt(fan-in). Weight of a token's loss: ${Object.entries(
    weights,
  )
    .map(([kind, weight]) => `${kind} ${weight}`)
    .join(', ')}. \`npm run pretrain\` makes one like it, in one sitting.

Loss a token in nats, mean of the 50 steps before each:

| step | learning rate | ${KINDS.join(' | ')} |
| ---: | ---: |${' ---: |'.repeat(KINDS.length)}
${lossLines.join('\n')}

The loss of an answer cannot fall below the entropy of the label, and that of a text not below the writers' own whim.

## What it can do
It grades what a user will think of a value: rank correlation with the ideal writer ${number(figures.degreeRank)}, of values never met ${number(figures.degreeRankNeverMet)}; in the words of the second domain ${number(figures.degreeRankSecond)} and ${number(figures.degreeRankNeverMetSecond)}. It writes well-formed claims (malformed: ${number(figures.malformedSampled)} of sampled, ${number(figures.malformedGreedy)} of greedy explanations); reads them (AUC ${number(figures.readerAuc)} on true reasons, Bayes-optimal ${number(figures.bayesAuc)}; with every sign flipped ${number(figures.flippedAuc)}; on tastes that the item lacks its answers deviate ${share(figures.absentSpread)} as much as on true reasons); answers from a history alone (AUC ${number(figures.historyAuc)}; the sum of the ideal writer's expectations ${number(figures.historyAucIdeal)}).

## What it cannot do
As it comes it is generic, by design: F1 of true reasons ${number(figures.f1Greedy)} greedy (${number(figures.claimsGreedy)} claims an explanation), ${number(figures.f1Sampled)} sampled. It does not know how much a field counts on a platform. By the sign of true reasons its degrees have AUC ${number(figures.signAuc)}, the ideal writer's ${number(figures.signAucIdeal)}. Attributes that are no reasons, named in the direction of the outcome, read at AUC ${number(figures.neutralAuc)}: the reader cannot tell a reason from another attribute in the right direction. Words outside its vocabulary are one unknown token.
`;
}
