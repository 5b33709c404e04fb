/** Id of the token that pads a batch. */
export const PAD_ID = 0;
/** Id of the token that begins a text. */
export const BOS_ID = 1;
/** Id of the token that ends a text. */
export const EOS_ID = 2;
/** Special tokens that every tokenizer here has; a token's id is its index. */
export const SPECIAL_TOKENS = ['<pad>', '<s>', '</s>'] as const;

/** What makes one tokenizer differ from another, as in tokenizer.json. */
export interface TokenizerParts {
  readonly special: readonly string[];
  readonly preTokenizer: object;
  readonly decoder: object;
  readonly model: object;
}

/** The content of tokenizer.json: `<s>` before every text, no normalization. */
export function tokenizerJson({ special, preTokenizer, decoder, model }: TokenizerParts): object {
  const begin = { SpecialToken: { id: '<s>', type_id: 0 } };
  const sequence = (id: string): object => ({ Sequence: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: preTokenizer,
    post_processor: {
      type: 'TemplateProcessing',
      single: [begin, sequence('A')],
      pair: [begin, sequence('A'), sequence('B')],
      special_tokens: { '<s>': { id: '<s>', ids: [BOS_ID], tokens: ['<s>'] } },
    },
    decoder,
    model,
  };
}

/** The content of tokenizer_config.json. */
export function tokenizerConfig(maxPositions: number): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<s>',
    eos_token: '</s>',
    pad_token: '<pad>',
    model_max_length: maxPositions,
    clean_up_tokenization_spaces: false,
  };
}
