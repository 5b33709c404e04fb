import { createRng } from '@expctr/core';
import { loadCausalLM, type TokenIds } from '@expctr/llm-lora';
import { finetune, parseExample } from '@expctr/llm-lora/sft';

/** What a model wrote, learned and saved: the same in Node and in a tab. */
export interface Numbers {
  /** Tokens of greedy texts. */
  readonly tokens: readonly number[];
  /** Log-probabilities of the first example's response before it was learned, in nats. */
  readonly before: readonly number[];
  /** Loss of each update. */
  readonly losses: readonly number[];
  /** As `before`, after it was learned. */
  readonly after: readonly number[];
  /** The adapter's factors, one behind the other. */
  readonly adapter: readonly number[];
}

/** Loads a model, writes, takes a few LoRA steps, and saves the adapter in PEFT's format and loads it again. */
export async function measure(folder: string, weights: 'float32' | 'int8', examples: readonly unknown[], prompt: string): Promise<Numbers> {
  const policy = await loadCausalLM(folder, { lora: { rank: 4 }, weights });
  const { tokenizer, adapters } = policy;
  const ids = tokenizer.encode({ form: 'completion', text: prompt });
  const completions = await policy.generate([ids], { maxNewTokens: 24, temperature: 0, seed: [1], stopTokenIds: tokenizer.eosTokenIds });
  adapters.create('mine', createRng(['measure']));
  const responses: TokenIds[] = [completions[0]!.tokens];
  const before = await policy.logProbabilities({ prompts: [ids], responses }, 'mine');
  const losses: number[] = [];
  await finetune(
    policy,
    examples.map((example, at) => parseExample(example, `example ${at + 1}`)),
    { epochs: 3, batchSize: 4, learningRate: 5e-3, schedule: 'constant', onProgress: ({ loss }) => losses.push(loss) },
  );
  const after = await policy.logProbabilities({ prompts: [ids], responses }, 'mine');
  const saved = '/tmp/expctr-browser-check'; // in memory, in a tab
  await adapters.save('mine', saved);
  await adapters.load(saved, 'again');
  const adapter = [...adapters.get('again').tensors.values()].flatMap(({ a, b }) => [...a.data, ...b.data]);
  await policy.dispose();
  return { tokens: completions.flatMap(({ tokens }) => [...tokens]), before: [...before[0]!], losses, after: [...after[0]!], adapter };
}
