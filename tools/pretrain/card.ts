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
  readonly mix: Omit<LessonMix, 'seed'>;
  readonly weights: Weights;
  /** Peak learning rate. */
  readonly peak: number;
  readonly steps: number;
  /** Tokens, padding included. */
  readonly tokens: number;
  readonly curve: readonly LossLine[];
  readonly figures: Figures;
  /** Number of held-out situations. */
  readonly situations: number;
}

const KINDS: readonly Kind[] = ['notes', 'careful', 'other', 'reader', 'history'];
const number = (x: number): string => (Number.isInteger(x) ? String(x) : x.toFixed(3));
const share = (x: number): string => `${Math.round(100 * x)} %`;

/** @returns the card as Markdown */
export function cardOf(content: CardContent): string {
  const { seed, size, vocabulary, parameterCount, shape, mix, weights, peak, steps, tokens, curve, figures, situations } = content;
  const verdicts = judged(figures);
  const failed = verdicts.filter(({ passed }) => !passed).map(({ what }) => what);
  const gates = verdicts.map(
    ({ what, figure, wanted, passed }) => `| ${what} | ${number(figure)} | ${wanted} | ${passed ? 'yes' : '**no**'} |`,
  );
  const shown = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    .filter((at) => at < curve.length)
    .map((at) => curve[at - 1]!)
    .concat(curve.slice(-1));
  const lossLines = shown.map(
    ({ step, losses }) => `| ${step.toLocaleString('en')} | ${KINDS.map((kind) => losses[kind]?.toFixed(3) ?? '').join(' | ')} |`,
  );
  return `# The testbed's small language model

A Llama of ${parameterCount.toLocaleString('en')} parameters (${size.layers} layers of width ${size.hidden}, ${size.heads} heads, feed-forward ${size.intermediate}; ${vocabulary} words, one token each), trained from scratch by this project with its own engine. Stored in float16. It knows the words of one simulated world and nothing else.

**Gates:** ${failed.length === 0 ? 'all passed.' : `not passed: ${failed.join('; ')}.`}

| on ${situations} held-out users and items | figure | wanted | passed |
| --- | --- | --- | --- |
${gates.join('\n')}

## Data
Text of simulated users and items (\`generateWorld\` with seeds that begin with "${seed}/"; evaluation worlds have numbers as seeds, so no evaluation user or item is in it). Each of these is seen once:
- **explanations**: the history grouped by the target's attributes, notes on each attribute (loved, liked, disliked, hated, mixed, new: what the visible labels say, on balance), then reasons by one of three writers, no style marked: careful ones (${share(mix.writers.careful)}; the user's true reasons, strongest first), generic ones (${share(mix.writers.generic)}; the genre and the commonest values, always in favor) and careless ones (${share(mix.writers.careless)}; attributes of the item at random with signs at random, one attribute in twenty invented);
- **questions after a statement** (${mix.reader} for each explanation): true reasons whole or in part, half of them with distractors (tastes that the item lacks); answered by the distribution over yes and no: the mean Bayes-optimal probability of all statements that name as many of the item's attributes for and against it;
- **questions after a history** (${mix.history} for each explanation), answered by the Bayes-optimal probability.

## Training
${steps.toLocaleString('en')} steps of ${shape.rows} rows of ${shape.time} tokens (${(tokens / 1e6).toFixed(1)} M tokens, padding included); AdamW (0.9, 0.98, weight decay 0.01), peak learning rate ${peak}, 200 steps of warm-up, then linear to a twentieth; gradients clipped at norm 1; matrices begin with deviation 1/sqrt(fan-in). Weight of a token's loss: ${Object.entries(
    weights,
  )
    .map(([kind, weight]) => `${kind} ${weight}`)
    .join(', ')}. \`npm run pretrain\` makes it anew.

Loss a token in nats, mean of the 50 steps before each:

| step | ${KINDS.join(' | ')} |
| ---: |${' ---: |'.repeat(KINDS.length)}
${lossLines.join('\n')}

The loss of an answer cannot fall below the entropy of the label, and that of a text not below the writers' own whim.

## What it can do
It notes what the visible history says of each attribute (right: ${number(figures.notesRight)}); writes well-formed reasons (malformed: ${number(figures.malformedSampled)} of sampled, ${number(figures.malformedGreedy)} of greedy explanations); reads reasons (AUC ${number(figures.readerAuc)}, Bayes-optimal ${number(figures.bayesAuc)}; with every sign flipped ${number(figures.flippedAuc)}; on tastes that the item lacks its answers deviate ${share(figures.absentSpread)} as much as on true reasons); answers from a history alone (AUC ${number(figures.historyAuc)}).

## What it cannot do
As it comes it is generic, by design: F1 of true reasons ${number(figures.f1Greedy)} greedy (${number(figures.claimsGreedy)} claims an explanation), ${number(figures.f1Sampled)} sampled. The signs that it writes for true reasons have AUC ${number(figures.signAuc)}; the bare counts in its prompt ${number(figures.signAucOfCounts)}. Neutral attributes, named in the direction of the outcome, read at AUC ${number(figures.neutralAuc)}: the reader cannot tell a true reason from a neutral attribute in the right direction. Words outside its vocabulary are one unknown token: the games of the second domain are foreign to it.
`;
}
