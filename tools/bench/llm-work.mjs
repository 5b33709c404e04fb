/** The work that tools/bench/llm.mjs measures; both sides read these numbers. Token ids are random: the time does not depend on them. */
export const WORK = {
  'decode-1': { kind: 'decode', title: 'decode, 1 sequence after 200 tokens', sequences: 1, prompt: 200, tokens: 24 },
  'decode-16': { kind: 'decode', title: 'decode, 16 sequences after 200 tokens', sequences: 16, prompt: 200, tokens: 24 },
  'decode-32': { kind: 'decode', title: 'decode, 32 sequences after 200 tokens', sequences: 32, prompt: 200, tokens: 24 },
  prefill: { kind: 'prefill', title: 'prefill, 16 different prompts of 200 tokens', sequences: 16, prompt: 200 },
  step: { kind: 'step', title: 'LoRA step (rank 16, q and v), 4 x 256 tokens', prompts: 4, completions: 1, prompt: 1, response: 255 },
  'step-last': {
    kind: 'step',
    title: 'LoRA step, 4 x 256 tokens, loss over the last 48',
    prompts: 4,
    completions: 1,
    prompt: 208,
    response: 48,
  },
  'step-completions': {
    kind: 'step',
    title: 'LoRA step, 4 prompts x 4 completions, 155 + 48 tokens',
    prompts: 4,
    completions: 4,
    prompt: 155,
    response: 48,
  },
  score: {
    kind: 'score',
    title: 'log-probabilities, 4 prompts x 4 completions, 155 + 48 tokens',
    prompts: 4,
    completions: 4,
    prompt: 155,
    response: 48,
  },
  read: { kind: 'read', title: 'two answers to 32 texts of 80 tokens after 200 common ones', texts: 32, prefix: 200, text: 80 },
};
