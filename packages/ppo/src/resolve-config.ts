import { z } from 'zod';
import type { Algorithm, AlgorithmConfig, ResolvedConfig } from './algorithm.js';
import { PpoError } from './errors.js';
import { loopOptions, rolloutLimits } from './loop-options.js';
import { oldLogProbsConflict } from './old-log-probs.js';

/**
 * Fills in the defaults of the loop and of an algorithm. A field that is undefined counts as left out.
 * @throws PpoError PPO_CONFIG for an unknown field or a value that makes no sense, naming the field; PPO_ALGORITHM for an
 * algorithm whose options have names of the loop's
 */
export function resolveConfig<Options extends z.ZodObject>(
  algorithm: Algorithm<Options>,
  config: AlgorithmConfig<Options> | Readonly<Record<string, unknown>>,
): ResolvedConfig<Options> {
  const fields = fieldsOf(algorithm);
  const { learningRate, ...others } = config as Readonly<Record<string, unknown>>;
  const scheduled = typeof learningRate === 'function' ? { learningRate } : {};
  const result = z.strictObject(fields).safeParse(typeof learningRate === 'function' ? others : config);
  if (!result.success) throw refusal(algorithm, config, fields, result.error.issues[0]!);

  const resolved = { ...result.data, ...scheduled } as unknown as ResolvedConfig<Options>;
  if (algorithm.groups && resolved.completionsPerPrompt < 2) {
    throw new PpoError('PPO_CONFIG', `the value is ${resolved.completionsPerPrompt}`, {
      where: 'completionsPerPrompt',
      expected: `at least 2, for ${algorithm.name} compares the completions of a prompt`,
      remedy: 'sample more completions of fewer prompts',
    });
  }
  const conflict = algorithm.conflict?.(resolved) ?? oldLogProbsConflict(resolved);
  if (conflict === undefined) return resolved;
  const { value, ...details } = conflict;
  throw new PpoError('PPO_CONFIG', `the value is ${asText(value)}`, details);
}

type Fields = Readonly<Record<string, z.ZodType>>;

function fieldsOf({ name, options }: Algorithm): Fields {
  const common: Fields = { ...rolloutLimits.shape, ...loopOptions.shape };
  const own = options.shape as Fields;
  const clash = Object.keys(own).find((field) => Object.hasOwn(common, field));
  if (clash === undefined) return { ...common, ...own };
  throw new PpoError('PPO_ALGORITHM', `its option ${clash} has the name of one that every algorithm has`, {
    where: `algorithm ${name}`,
    expected: `names other than ${Object.keys(common).join(', ')}`,
    remedy: 'rename the option, or leave it to the loop',
  });
}

function refusal(algorithm: Algorithm, config: Readonly<Record<string, unknown>>, fields: Fields, issue: z.core.$ZodIssue): PpoError {
  if (issue.code === 'unrecognized_keys') {
    const [name] = issue.keys as [string];
    return new PpoError('PPO_CONFIG', `${name} is no setting of ${algorithm.name}`, {
      where: name,
      expected: `one of ${Object.keys(fields).join(', ')}`,
      remedy: 'correct the name, or leave the setting out',
    });
  }
  const name = String(issue.path[0]);
  const field = fields[name];
  const byDefault: unknown = field?.safeParse(undefined).data;
  const said = name === 'learningRate' ? `${issue.message}, or a function of the step` : issue.message;
  return new PpoError('PPO_CONFIG', `the value is ${asText(config[name])}: ${said}`, {
    where: name,
    ...(field?.description === undefined ? {} : { expected: field.description }),
    remedy: `correct the value${byDefault === undefined ? '' : `, or leave it out for ${asText(byDefault)}`}`,
  });
}

function asText(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
}
