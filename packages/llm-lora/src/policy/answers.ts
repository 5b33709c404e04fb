import type { AnswerScorer, TokenIds } from '@expctr/language-model';
import { CompiledCache, mapTree, specOf, type HostTensor, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { applied, loraInputs, type HostLora, type LoraInputs } from '../lora/applied-lora.js';
import type { KeyValues } from '../model/attention.js';
import { tracedHead } from '../model/head.js';
import { tokenStatistics } from '../model/vocabulary.js';
import type { TracedWeights } from '../model/weights.js';
import { planAnswers, type AnswerPart } from './answer-plan.js';
import { checkLogProbs } from './check-finite.js';
import type { PolicyContext } from './context.js';
import { PolicyError } from './errors.js';
import { forwardTokens } from './forward.js';
import { PrefixCache, prefixSpecs, type Prefix } from './prefix-cache.js';
import { checkTexts } from './token-ids.js';
import { readoutSpecs, sequenceInputs, sequenceSpecs, type ReadoutInputs, type SequenceInputs } from './token-inputs.js';
import { compileProgram, type Program } from './program.js';

type AnswerProgram = Program<HostTensor>;

/** The reading of given answers: log P(answer | prompt), summed over all tokens of the answer. */
export function createScoreAnswers(context: PolicyContext): AnswerScorer['scoreAnswers'] {
  const { weights, limits } = context;
  const cache = new CompiledCache<AnswerProgram>(limits.compiledFunctions);
  const prefixes = new PrefixCache(context);
  context.onDispose(() => cache.clear());

  return async (prompts, answers, { adapter = null, onProgress } = {}) => {
    checkAnswers(context, prompts, answers);
    if (prompts.length === 0) return [];
    const lora = adapter === null ? null : await context.lora(adapter); // the base model needs no adapter's graph here
    const prefix = await prefixes.find(prompts, lora);
    const result = answers.map((each) => new Float32Array(each.length));
    let done = 0;
    for (const part of planAnswers(prompts, answers, prefix?.tokens.length ?? 0, limits.readTokens)) {
      const key = `${part.batch}x${part.time},${part.count},${prefix?.tokens.length ?? 0},${lora?.structure ?? 'base'}`;
      const sequence = sequenceInputs(weights, part.packed, part.batch, part.time);
      const readout = { places: part.places, targets: part.targets, inverseTemperature: Float32Array.of(1) };
      const { data } = await cache.use(
        key,
        () => compileAnswers(context, part, prefix, lora),
        (compiled) => compiled.run([weights.tree, loraInputs(lora), sequence, readout, prefix?.keyValues ?? []]),
      );
      for (const { row, answer, first, last } of part.asked) {
        let sum = 0;
        for (let at = first; at < last; at += 1) sum += data[at]!;
        result[row]![answer] = sum;
        checkLogProbs(result[row]!.subarray(answer, answer + 1), `scoreAnswers, prompt ${row}`);
      }
      done += new Set(part.asked.map(({ row }) => row)).size;
      onProgress?.(done, prompts.length);
    }
    return result;
  };
}

function compileAnswers(
  { weights, compileOptions }: PolicyContext,
  { batch, time, count }: AnswerPart,
  prefix: Prefix | null,
  lora: HostLora | null,
): Promise<AnswerProgram> {
  const traced = (
    tracedWeights: TracedWeights,
    adapter: LoraInputs<tf.Tensor>,
    sequence: SequenceInputs<tf.Tensor>,
    { places, targets, inverseTemperature }: ReadoutInputs<tf.Tensor>,
    past: readonly KeyValues<tf.Tensor>[],
  ): tf.Tensor1D => {
    const { hidden } = forwardTokens(weights, tracedWeights, sequence, { batch, time, lora: applied(lora, adapter), past });
    const read = tf.gather(hidden, places); // [count, hidden]
    const normed = weights.family.finalNorm(weights.config, tracedWeights.parameters.outer, read);
    const head = tracedHead(weights, tracedWeights, inverseTemperature);
    return tokenStatistics(tf.mul(normed, inverseTemperature), head, targets as tf.Tensor1D, false).logProbs;
  };
  const specs = [
    weights.specs,
    mapTree<unknown, [HostTensor], TensorSpec>(loraInputs(lora), specOf),
    sequenceSpecs(weights, batch, time),
    readoutSpecs(count),
    prefixSpecs(prefix),
  ];
  return compileProgram(traced, specs, { ...compileOptions, name: `answers ${batch}x${time}` });
}

function checkAnswers(
  { weights: { config } }: PolicyContext,
  prompts: readonly TokenIds[],
  answers: readonly (readonly TokenIds[])[],
): void {
  if (prompts.length !== answers.length) {
    throw new PolicyError('POLICY_ROW_COUNT', `there are ${prompts.length} prompts and ${answers.length} lists of answers`, {
      where: 'scoreAnswers',
      expected: 'a list of answers for each prompt',
    });
  }
  prompts.forEach((prompt, row) => {
    checkTexts(answers[row]!, `answers of row ${row}, answer`, config);
    const longest = Math.max(0, ...answers[row]!.map(({ length }) => length));
    checkTexts([prompt], `prompt of row ${row},`, config, longest);
  });
}
