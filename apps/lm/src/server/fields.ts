import { jsonChecks, own, quoted, typeOf, type JsonObject } from '@expctr/app-kit/http';
import { LmRequestError } from './refusals.js';

/** Looks at parts of a request; what is wrong is refused with `LM_REQUEST`. */
export const { flagIn, listIn, numberIn, objectWith, textIn, wrongType } = jsonChecks(
  (what, details) => new LmRequestError('LM_REQUEST', what, details),
);

/** Fields that say nothing of what is written, or that this server does anyway. */
const IGNORED = ['user', 'metadata', 'store', 'service_tier', 'safety_identifier', 'prompt_cache_key', 'priority', 'request_id'] as const;

/** Fields of other servers that may be given as long as they ask for nothing: each with the values that do. */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  best_of: [1],
  echo: [false],
  suffix: [''],
  logit_bias: [],
  min_tokens: [0],
  prompt_logprobs: [0],
  use_beam_search: [false],
  length_penalty: [1],
  skip_special_tokens: [true],
  spaces_between_special_tokens: [true],
  include_stop_str_in_output: [false],
  truncate_prompt_tokens: [],
  tools: [],
  tool_choice: ['none', 'auto'],
  parallel_tool_calls: [true, false],
  functions: [],
  modalities: [],
  reasoning_effort: [],
  add_special_tokens: [true],
};

/**
 * The fields of a body, without those that are null, which OpenAI's clients send for what is left open.
 * @param known what the route reads
 * @throws LmRequestError `LM_REQUEST` for a field that there is not; `LM_UNSUPPORTED` for one that this server cannot do
 */
export function fieldsIn(body: unknown, known: readonly string[]): JsonObject {
  const all = objectWith(body, '', [...known, ...IGNORED, ...Object.keys(NEUTRAL).filter((name) => !known.includes(name))]);
  const fields = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  for (const [name, neutral] of Object.entries(NEUTRAL)) {
    const value = own(fields, name);
    if (value === undefined || known.includes(name) || neutral.includes(value) || isEmpty(value)) continue;
    throw new LmRequestError(
      'LM_UNSUPPORTED',
      `it is ${typeof value === 'string' ? quoted(value) : told(value)}, which this server cannot do`,
      {
        where: name,
        ...(neutral.length === 0 ? {} : { expected: `none, or ${neutral.map((each) => JSON.stringify(each)).join(' or ')}` }),
        remedy: 'leave it out',
      },
    );
  }
  return fields;
}

function told(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeOf(value);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Token ids in a field. @param bound ids are below it @throws LmRequestError `LM_REQUEST` */
export function tokensIn(list: readonly unknown[], where: string, bound: number): number[] {
  const at = list.findIndex((id) => !Number.isInteger(id) || (id as number) < 0 || (id as number) >= bound);
  if (at < 0) return list as number[];
  const value = list[at];
  throw new LmRequestError('LM_REQUEST', `it is ${typeof value === 'number' ? value : typeOf(value)}`, {
    where: `${where}[${at}]`,
    expected: `a token id from 0 to ${bound - 1}`,
  });
}
