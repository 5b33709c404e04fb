import { own, type Route } from '@expctr/app-kit/http';
import { chatTokens } from './chat.js';
import { fieldsIn, flagIn, listIn, textIn, tokensIn, wrongType } from './fields.js';
import { adapterNamed, type ServedModel } from './served-model.js';

/** `POST /tokenize` and `POST /detokenize`, as vLLM has them. */
export function tokenizeRoutes(served: ServedModel): Route[] {
  const { tokenizer, config, maxPositions } = served.policy;
  return [
    {
      method: 'POST',
      path: '/tokenize',
      handle({ body }) {
        const chat = ['messages', 'add_generation_prompt', 'continue_final_message'];
        const fields = fieldsIn(body, ['model', 'prompt', 'add_special_tokens', 'return_token_strs', ...chat]);
        adapterNamed(served, textIn(fields, 'model', ''));
        const tokens = tokensOf(fields, served);
        const strings =
          flagIn(fields, 'return_token_strs', '') === true ? { token_strs: tokens.map((id) => tokenizer.decodeText([id])) } : {};
        return { kind: 'json', value: { count: tokens.length, max_model_len: maxPositions, tokens, ...strings } };
      },
    },
    {
      method: 'POST',
      path: '/detokenize',
      handle({ body }) {
        const fields = fieldsIn(body, ['model', 'tokens']);
        adapterNamed(served, textIn(fields, 'model', ''));
        return {
          kind: 'json',
          value: { prompt: tokenizer.decode(tokensIn(listIn(fields, 'tokens', ''), 'tokens', config.vocabularySize)) },
        };
      },
    },
  ];
}

function tokensOf(fields: Parameters<typeof textIn>[0], served: ServedModel): number[] {
  if (own(fields, 'messages') !== undefined) return chatTokens(fields, served);
  const text = textIn(fields, 'prompt', '');
  if (text === undefined) throw wrongType(text, 'prompt', 'a text, or messages');
  const { tokenizer } = served.policy;
  return [
    ...(flagIn(fields, 'add_special_tokens', '') === false ? tokenizer.encodeText(text) : tokenizer.encode({ form: 'completion', text })),
  ];
}
