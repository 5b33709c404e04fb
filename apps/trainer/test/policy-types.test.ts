import type { Adapter, LlamaPolicy } from '@expctr/llm-lora';
import type { Policy } from '@expctr/ppo';
import { expectTypeOf, test } from 'vitest';

test('ppo and llm-lora do not import each other: the compiler checks that a LlamaPolicy is a Policy', () => {
  expectTypeOf<LlamaPolicy>().toExtend<Policy<Adapter>>();
});
