import { atMost, checkOptions, type OptionKeys } from '@expctr/core';
import { z } from 'zod';
import { RewardError } from './errors.js';
import { answeredValues, longestAnswer, requestBody } from './http/body.js';
import { post, shownUrl, type Endpoint } from './http/request.js';
import { retry } from './http/retry.js';
import type { RewardContext } from './reward-context.js';
import type { Reward } from './reward.js';
import type { RewardRows } from './reward-rows.js';

/** Seconds after which Node closes a connection on which nothing is heard. */
const LONGEST_TIMEOUT = 300;

/** Options of {@link httpReward}. */
export interface HttpRewardOptions {
  /** Its address, `http:` or `https:`, without a name or a password in it. */
  readonly url: string;
  /** What the server is told it is, and errors call it. Default `http`. */
  readonly name?: string;
  /** Rows of a request; >= 1. Default 64. */
  readonly batchSize?: number;
  /** Seconds for a request and its whole answer; at most 300. Default 60. */
  readonly timeoutSeconds?: number;
  /** Tries after the first where a failure may pass. Default 4. */
  readonly retries?: number;
  /** Seconds of the first pause, doubled each time up to 30. Default 0.5. */
  readonly pauseSeconds?: number;
  /** Further headers by name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether rows have their label. Default true. */
  readonly sendLabel?: boolean;
  /** Whether rows have their history. Default true. */
  readonly sendHistory?: boolean;
}

const HTTP_REWARD_OPTIONS: OptionKeys<HttpRewardOptions> = {
  url: true,
  name: true,
  batchSize: true,
  timeoutSeconds: true,
  retries: true,
  pauseSeconds: true,
  headers: true,
  sendLabel: true,
  sendHistory: true,
};

/**
 * A function of the user's own in another process: rows are sent as JSON (`POST`), and rewards come back as a JSON array of one number or
 * null for each row. Batches go one after the other, in the order of the rows.
 *
 * What may pass is tried again, after growing pauses or those of `Retry-After`: a connection that fails or breaks, a time-out, the statuses
 * 408, 425, 429, 500, 502, 503 and 504. All else is an error at once; redirects are not followed. The server must be a function of its
 * rows, or a run that goes on is not the run that was interrupted.
 *
 * @throws {RewardError} `REWARD_OPTION` for an address that is none; asked, `REWARD_HTTP_UNREACHABLE`, `REWARD_HTTP_STATUS`,
 *   `REWARD_HTTP_ANSWER`, which name the address, the rows and a remedy
 */
export function httpReward(parameters: HttpRewardOptions): (rows: RewardRows) => Promise<(number | null)[]> {
  checkOptions('httpReward', parameters, HTTP_REWARD_OPTIONS);
  const { name = 'http', batchSize = 64, timeoutSeconds = 60, retries = 4, pauseSeconds = 0.5, headers = {} } = parameters;
  const { sendLabel = true, sendHistory = true } = parameters;
  requireNumbers(name, { batchSize, timeoutSeconds, retries, pauseSeconds });
  const endpoint: Endpoint = { url: checkedUrl(name, parameters.url), headers, timeoutSeconds };
  return async (rows) => {
    const values: (number | null)[] = [];
    for (let begin = 0; begin < rows.length; begin += batchSize) {
      const end = Math.min(rows.length, begin + batchSize);
      const where = `reward '${name}', ${shownUrl(endpoint.url)}, rows ${begin} to ${end - 1}`;
      const body = requestBody(name, rows, begin, end, { sendLabel, sendHistory });
      const text = await retry({ retries, pauseSeconds }, () => post(endpoint, body, where, longestAnswer(end - begin)));
      values.push(...answeredValues(text, begin, end, where));
    }
    return values;
  };
}

type Numbers = Required<Pick<HttpRewardOptions, 'batchSize' | 'timeoutSeconds' | 'retries' | 'pauseSeconds'>>;

function requireNumbers(name: string, { batchSize, timeoutSeconds, retries, pauseSeconds }: Numbers): void {
  const counts = Number.isInteger(batchSize) && batchSize >= 1 && Number.isInteger(retries) && retries >= 0;
  if (counts && timeoutSeconds > 0 && timeoutSeconds <= LONGEST_TIMEOUT && pauseSeconds >= 0 && pauseSeconds <= LONGEST_TIMEOUT) return;
  const given = `batchSize ${batchSize}, timeoutSeconds ${timeoutSeconds}, retries ${retries}, pauseSeconds ${pauseSeconds}`;
  throw new RewardError('REWARD_OPTION', `reward '${name}': ${given}`, {
    expected: `whole numbers batchSize >= 1 and retries >= 0, seconds up to ${LONGEST_TIMEOUT}`,
  });
}

function checkedUrl(name: string, text: string): URL {
  const wrong = (what: string, remedy: string): RewardError =>
    new RewardError('REWARD_OPTION', what, { expected: 'an address such as http://127.0.0.1:8000/reward', remedy });
  if (!URL.canParse(text)) throw wrong(`the address of reward '${name}' is none`, 'write it with http:// or https:// before it');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw wrong(`the address of reward '${name}' begins with ${url.protocol}`, 'write it with http:// or https:// before it');
  if (url.username !== '' || url.password !== '')
    throw wrong(
      `the address of reward '${name}' has a name or a password in it`,
      'send it as a header whose value stands in an environment variable',
    );
  return url;
}

const options = z.object({
  url: z.string().min(1).nullable().default(null).describe('address of the function, such as "http://127.0.0.1:8000/reward"'),
  batchSize: z.int().min(1).max(65_536, atMost(65_536, 'a request is in memory at once')).default(64).describe('rows of a request'),
  timeoutSeconds: z
    .number()
    .positive()
    .max(LONGEST_TIMEOUT, atMost(LONGEST_TIMEOUT, 'Node closes a connection that is silent for longer'))
    .default(60)
    .describe('seconds for a request and its whole answer'),
  retries: z
    .int()
    .min(0)
    .max(100, atMost(100, 'a server that is away for longer is waited for by --resume'))
    .default(4)
    .describe('tries after the first where a failure may pass'),
  pauseSeconds: z
    .number()
    .min(0)
    .max(30, atMost(30, 'pauses grow to that'))
    .default(0.5)
    .describe('seconds of the first pause between tries, doubled each time; Retry-After goes before it'),
  headers: z
    .record(
      z.string().regex(/^[\w-]+$/u, 'is no name of a header'),
      z.string().regex(/^[A-Za-z_]\w*$/u, 'is no name of an environment variable'),
    )
    .default({})
    .describe(
      'headers by name, and the environment variable that holds the value of each, such as {"Authorization": "REWARD_AUTHORIZATION"}',
    ),
  sendLabel: z.boolean().default(true).describe('send the label of each row'),
  sendHistory: z.boolean().default(true).describe('send the history of each row'),
});

/** A function over HTTP as a part of a run. */
export const httpPart: Reward<z.output<typeof options>> = {
  name: 'http',
  description: 'a function of your own at an address, asked by HTTP',
  options,
  create(context, { url, headers, ...more }) {
    if (url === null) {
      throw new RewardError('REWARD_OPTION', "the reward 'http' has no address", {
        remedy: 'set rewards.http.url=http://127.0.0.1:8000/reward',
      });
    }
    return httpReward({ url, headers: headersFrom(context, headers), ...more });
  },
};

/** Headers with their values, which are secrets: no message says them. */
function headersFrom({ environment }: Pick<RewardContext, 'environment'>, names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).map(([header, variable]) => {
      const value = environment(variable);
      if (value !== undefined && /^[\t\x20-\x7e]+$/u.test(value)) return [header, value];
      const what = value === undefined ? 'is not set' : 'holds what no header can hold';
      throw new RewardError('REWARD_OPTION', `the environment variable ${variable} ${what}`, {
        where: `rewards.http.headers, ${header}`,
        expected: 'the whole value of the header, on one line',
        remedy: `set ${variable} before the run is started`,
      });
    }),
  );
}
