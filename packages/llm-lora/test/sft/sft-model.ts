import { FAMILIES } from '../../src/families/table.js';
import { createPolicy, type CausalLM } from '../../src/policy/causal-lm.js';
import { randomCheckpoint, smallConfig } from '../families/random.js';
import { letters } from '../tokenizer/synthetic.js';

/** Markup of a chat in which each turn ends with `</s>`, in letters that {@link letters} has. */
export const CHAT =
  "{% for m in messages %}<s>{{ m['role'] }}|{{ m['content'] }}</s>{% endfor %}{% if add_generation_prompt %}<s>assistant|{% endif %}";

/** A tokenizer of letters with such a template. */
export const chatLetters = (template = CHAT) => letters({}, { chat_template: template });

/** A small random model that reads and writes letters. */
export function lettersPolicy(): CausalLM {
  const config = { ...smallConfig, vocabularySize: 64, maxPositions: 96 };
  return createPolicy(randomCheckpoint(FAMILIES.llama, config, 'sft'), chatLetters(), {
    lora: { rank: 2, alpha: 4 },
    limits: { batchTokens: 96 },
  });
}
