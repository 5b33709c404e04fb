import { changesBetween, RunFolderError } from '@expctr/run';

type Options = Readonly<Record<string, unknown>>;

/** What may differ when a run goes on, and what of it. */
const CHANGEABLE: Readonly<Record<string, string>> = {
  iterations: 'more of them',
  threads: 'any number; other numbers may round differently',
  device: 'any; another one rounds differently',
  'ppo.checkpointEvery': 'any number',
  'ppo.microBatchSize': 'any number that fits memory',
  'llm.batchSize': 'any number that fits memory',
  'llm.model': 'another place of the same files',
  dataDir: 'another place of the same files',
  'encoder.pca': 'another place of the same file',
  'prompt.explanation': 'another place of the same file',
  'prompt.lc': 'another place of the same file',
  'rewards.timeoutSeconds': 'any number',
  'rewards.onAllNull': 'either',
  'rewards.http.url': 'another place of the same function',
  'rewards.http.timeoutSeconds': 'any number',
  'rewards.http.retries': 'any number',
  'rewards.http.pauseSeconds': 'any number',
};

/** The options that may be given to a run that goes on, for `--help` and errors. */
export const changeableOptions: readonly string[] = Object.keys(CHANGEABLE);

/**
 * @param where the file or option that says otherwise; default: the configuration
 * @throws RunFolderError `RUN_CONFIG_CHANGED` that names the first option in which a run may not differ from how it was begun
 */
export function requireSameRun(before: Options, now: Options, where?: string): void {
  for (const { path, before: old, now: next } of changesBetween(before, now)) {
    const fewer = path === 'iterations' && !(typeof next === 'number' && typeof old === 'number' && next >= old);
    if (path in CHANGEABLE && !fewer) continue;
    throw new RunFolderError('RUN_CONFIG_CHANGED', `the run was begun with ${shown(old)}, and this says ${shown(next)}`, {
      where: where === undefined ? path : `${where}, ${path}`,
      expected: fewer ? `at least ${shown(old)}` : `the same value: a run that goes on may change ${changeableOptions.join(', ')}`,
      remedy: `put ${path} back to ${shown(old)}, or start a new run with another --out`,
      wrongUse: true,
    });
  }
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
