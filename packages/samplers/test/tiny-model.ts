import { createRng } from '@expctr/core';
import { loadAdapter, saveAdapter, type Adapter, type FloatTensor } from '@expctr/llm-lora/adapters';

/** Token ids are below it; token 0 is the model's own end of a sequence. */
export const VOCABULARY = 12;
export const EOS = 0;
const RANK = 2;
const MODULE = 'layers.0.mlp.down_proj';

/** What an adapter adds to the logits of a token by the one before it, [before * VOCABULARY + token]. */
export type Delta = Float64Array;

const base = normals('base', VOCABULARY * VOCABULARY, 1.2);

/** The logit of a token behind another one, without an adapter. */
export function tableOf(before: number, token: number): number {
  return base[before * VOCABULARY + token]!;
}

function normals(seed: string, length: number, scale: number): Float32Array {
  const rng = createRng(seed);
  return Float32Array.from({ length }, () => scale * rng.normal());
}

const tensor = (data: Float32Array, shape: readonly number[]): FloatTensor => ({ data, shape, dtype: 'float32' });

/** A low-rank adapter of the tiny model, in PEFT's format. @param size 0 = one that changes nothing, as at the start of training */
export async function writeAdapter(folder: string, seed: string, size = 0.8): Promise<void> {
  const a = tensor(normals(`${seed} a`, RANK * VOCABULARY, 1), [RANK, VOCABULARY]);
  const b = tensor(normals(`${seed} b`, RANK * VOCABULARY, size), [VOCABULARY, RANK]);
  await saveAdapter(folder, { config: { rank: RANK, alpha: RANK, targetModules: ['down_proj'] }, tensors: new Map([[MODULE, { a, b }]]) });
}

export async function readDelta(folder: string): Promise<Delta> {
  return deltaOf(await loadAdapter(folder));
}

function deltaOf({ tensors }: Adapter): Delta {
  const { a, b } = tensors.get(MODULE)!;
  const delta = new Float64Array(VOCABULARY * VOCABULARY);
  for (let before = 0; before < VOCABULARY; before += 1) {
    for (let token = 0; token < VOCABULARY; token += 1) {
      for (let r = 0; r < RANK; r += 1) {
        delta[before * VOCABULARY + token]! += b.data[token * RANK + r]! * a.data[r * VOCABULARY + before]!;
      }
    }
  }
  return delta;
}

/** Log-probabilities of the next token; at temperature 0 those of 1. */
export function nextLogProbs(before: number, delta: Delta | null, temperature = 1): number[] {
  const scale = temperature === 0 ? 1 : temperature;
  const logits = Array.from({ length: VOCABULARY }, (_, token) => {
    const at = before * VOCABULARY + token;
    return (base[at]! + (delta?.[at] ?? 0)) / scale;
  });
  const norm = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - norm);
}

/** Log-probabilities of a whole response. */
export function scoresOf(prompt: ArrayLike<number>, tokens: ArrayLike<number>, delta: Delta | null, temperature = 1): number[] {
  return Array.from(tokens, (token, i) => nextLogProbs(i === 0 ? prompt[prompt.length - 1]! : tokens[i - 1]!, delta, temperature)[token]!);
}

/** Samples until one of `stops` or so many tokens. */
export function sample(
  prompt: readonly number[],
  delta: Delta | null,
  { most, temperature, seed, stops }: { most: number; temperature: number; seed: number; stops: readonly number[] },
): number[] {
  const rng = createRng(seed);
  const tokens: number[] = [];
  while (tokens.length < most && !stops.includes(tokens.at(-1) ?? -1)) {
    const odds = nextLogProbs(tokens.at(-1) ?? prompt.at(-1)!, delta, temperature).map(Math.exp);
    let left = rng.next();
    const drawn = odds.findIndex((share) => (left -= share) < 0);
    tokens.push(temperature === 0 ? odds.indexOf(Math.max(...odds)) : drawn < 0 ? VOCABULARY - 1 : drawn);
  }
  return tokens;
}
