// Predictors over the test rows of several runs, with intervals by a bootstrap over users.
import { predictionsFromTable, readDataset, readTable } from '@expctr/data';
import type { RunFolder } from '@expctr/run';
import { mean } from '../common/measure.js';
import { aucAt, intervals } from './user-bootstrap.js';

/** Test rows of a run. */
interface TestRows {
  readonly user: readonly string[];
  readonly label: readonly number[];
  /** By predictor. */
  readonly probability: Readonly<Record<string, readonly number[]>>;
}

/** A predictor over several runs. */
export interface PredictorFigures {
  readonly name: string;
  /** Mean of the runs' AUC. */
  readonly auc: string;
  /** Mean over the runs of what `expctr-aug` has more. */
  readonly less: string;
}

/**
 * AUC of every predictor, and that of `expctr-aug` less it, with 95 % intervals over users: a run's AUC is of its own rows, means are over runs.
 * @param samePeople whether users of one id are one person in all runs
 */
export async function overUsers(folders: readonly RunFolder[], samePeople: boolean): Promise<PredictorFigures[]> {
  const tests = await Promise.all(folders.map(testRows));
  const numbers = new Map<string, number>();
  const user = tests.flatMap((test, run) =>
    test.user.map((id) => {
      const key = samePeople ? id : `${run} ${id}`;
      if (!numbers.has(key)) numbers.set(key, numbers.size);
      return numbers.get(key)!;
    }),
  );
  const runOf = tests.flatMap((test, run) => test.user.map(() => run));
  const label = tests.flatMap((test) => test.label);
  const names = Object.keys(tests[0]!.probability);
  const probabilities = new Map(names.map((name) => [name, tests.flatMap((test) => test.probability[name]!)]));
  const figures = intervals((rows) => {
    const byRun = tests.map((_, run) => rows.filter((row) => runOf[row] === run));
    const areas = names.map((name) => [name, mean(byRun.map((own) => aucAt(probabilities.get(name)!, label, own)))] as const);
    const explained = areas.find(([name]) => name === 'expctr-aug')![1];
    return Object.fromEntries(
      areas.flatMap(([name, area]) => [
        [`auc ${name}`, area],
        [`less ${name}`, explained - area],
      ]),
    );
  }, user) as Readonly<Record<string, unknown>>;
  const shown = (name: string): string => {
    const [low, high] = figures[`${name}Interval`] as readonly [number, number];
    return `${(figures[name] as number).toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  };
  return names.map((name) => ({ name, auc: shown(`auc ${name}`), less: name === 'expctr-aug' ? '' : shown(`less ${name}`) }));
}

async function testRows({ data, predictions }: RunFolder): Promise<TestRows> {
  const { interactions } = await readDataset(data);
  const found = predictionsFromTable(await readTable(predictions));
  const { interactionId, label } = found[0]!;
  return {
    user: Array.from(interactionId, (row) => interactions.userIds[interactions.user[row]!]!),
    label: Array.from(label),
    probability: Object.fromEntries(found.map(({ model, probability }) => [model, Array.from(probability)])),
  };
}
