import { print, printPart } from '@expctr/core';
import type { Constraint, SamplingOptions } from '@expctr/language-model';
import { cutAtStop, streamText } from '@expctr/llm-lora';
import { LmError } from '../errors.js';
import { loadModel, type ModelFlags } from '../load.js';
import { promptTokens, type PromptForm } from '../rows/prompt-of.js';
import { readRows, standardInput, type InputRow } from '../rows/read-rows.js';
import { writeRows } from '../rows/write-rows.js';
import { readJson } from './read-json.js';

/** Flags of `expctr-lm generate`. */
export interface GenerateFlags extends ModelFlags, PromptForm {
  readonly input?: string;
  readonly output?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly n: number;
  readonly seed: number;
  readonly stop?: readonly string[];
  readonly choice?: readonly string[];
  readonly jsonSchema?: string;
}

/** `expctr-lm generate`: of one prompt as it is written, or of all rows of a file. */
export async function generateCommand(model: string, prompt: string | undefined, flags: GenerateFlags, signal: AbortSignal): Promise<void> {
  if (prompt !== undefined && flags.input !== undefined) {
    throw new LmError('LM_OPTION', 'a prompt is given, and a file of them', {
      where: '--input',
      remedy: 'give one of the two',
      wrongUse: true,
    });
  }
  const constraint = await constraintOf(flags);
  const rows = await rowsToWrite(prompt, flags.input);
  const { policy, adapter, progress } = await loadModel(model, flags);
  try {
    const prompts = rows.map((row) => promptTokens(row, policy.tokenizer, flags));
    const { maxTokens, temperature, topK, topP, minP, repetitionPenalty, n, seed, stop } = flags;
    const sampling: SamplingOptions = {
      ...{ maxNewTokens: maxTokens, temperature, topP, minP, repetitionPenalty, completionsPerPrompt: n, adapter, signal },
      ...(topK === undefined ? {} : { topK }),
      ...(stop === undefined ? {} : { stopStrings: stop }),
      ...(constraint === undefined ? {} : { constraint }),
      stopTokenIds: policy.tokenizer.eosTokenIds,
      seed: [seed],
    };
    const isAlone = flags.input === undefined && flags.output === undefined && n === 1;
    if (isAlone) await stream(policy, prompts, sampling);
    else {
      const task = progress.begin('generating', prompts.length * n, 'texts');
      let done = 0;
      const made = await policy.generate(prompts, { ...sampling, onCompletion: () => task.update((done += 1)) });
      task.done();
      await writeRows(flags.output, 'lm-completions/1', {
        row: { kind: 'count', values: made.map(({ promptIndex }) => promptIndex) },
        completion: { kind: 'count', values: made.map((_, at) => at % n) },
        text: { kind: 'text', values: made.map(({ tokens }) => cutAtStop(policy.tokenizer.decodeText(tokens), stop)) },
        tokens: { kind: 'counts', values: made.map(({ tokens }) => [...tokens]) },
        log_probs: { kind: 'numbers', values: made.map(({ logProbs }) => [...logProbs]) },
        finish_reason: { kind: 'text', values: made.map(({ finishReason }) => finishReason) },
      });
    }
  } finally {
    await policy.dispose();
  }
}

async function rowsToWrite(prompt: string | undefined, input: string | undefined): Promise<readonly InputRow[]> {
  if (input !== undefined) return readRows(input);
  const text = prompt ?? (await standardInput()).toString('utf8').trimEnd();
  return [{ fields: { prompt: text }, where: prompt === undefined ? 'standard input' : 'PROMPT' }];
}

/** A text on standard output, line by line where that is no terminal, for what is printed ends with a line. */
async function stream(
  policy: Parameters<typeof streamText>[0],
  prompts: readonly (readonly number[])[],
  sampling: SamplingOptions,
): Promise<void> {
  let line = '';
  for await (const { text } of streamText(policy, prompts, sampling)) {
    if (process.stdout.isTTY) printPart(text);
    else {
      const lines = (line + text).split('\n');
      line = lines.pop()!;
      lines.forEach(print);
    }
  }
  print(line);
}

async function constraintOf({ choice, jsonSchema }: GenerateFlags): Promise<Constraint | undefined> {
  if (choice !== undefined && jsonSchema !== undefined) {
    throw new LmError('LM_OPTION', 'choices are given, and a schema', {
      where: '--json-schema',
      remedy: 'give one of the two',
      wrongUse: true,
    });
  }
  if (choice !== undefined) return { choices: choice };
  return jsonSchema === undefined ? undefined : { jsonSchema: await readJson(jsonSchema) };
}
