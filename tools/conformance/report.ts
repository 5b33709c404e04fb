// Prints what the suite found; returns the exit status.
import { EXCLUSIONS, type Reason } from './exclusions.js';
import type { Failure, SpecResult, SuiteResult } from './jasmine.js';

/** A spec that ran. */
export interface Finding {
  /** Its full name, without the environment's. */
  readonly name: string;
  /** Why it is excluded; undefined where it is not. */
  readonly reason: Reason | undefined;
  readonly outcome: 'passed' | 'failed' | 'excluded';
  readonly status: SpecResult['status'];
  readonly errors: readonly Failure[];
  /** Kernels that it called and that the host computed. */
  readonly kernelsOnHost: readonly string[];
}

/** All that is to be told. */
export interface Report {
  readonly results: readonly Finding[];
  readonly overall: SuiteResult;
  /** Reasons by the names of excluded specs. */
  readonly reasonOf: ReadonlyMap<string, Reason>;
  /** Whether only some specs were asked for. */
  readonly some: boolean;
  /** Whether to print whole stacks. */
  readonly verbose: boolean;
  readonly seconds: number;
  readonly print: (text: string) => void;
}

/** How an excluded spec, or one that is neither passed nor failed, ended. */
function explain({ reason, status }: Finding): string | undefined {
  if (reason !== undefined) return `it is excluded as "${reason}", but ended as ${status} in another way`;
  return status === 'pending' ? 'tfjs disables it, but tools/conformance/exclusions.ts does not name it' : undefined;
}

function errorsOf({ errors }: Finding, verbose: boolean): string[] {
  return errors.map(({ message, stack }) => {
    const shown = verbose ? (stack ?? message) : message.split('\n').slice(0, 4).join('\n');
    return `    ${shown.replaceAll('\n', '\n    ')}`;
  });
}

/** Prints failures, what ran on the host, exclusions, and the counts. @returns the exit status: 1 if anything failed */
export function report({ results, overall, reasonOf, some, verbose, seconds, print }: Report): number {
  const of = (outcome: Finding['outcome']): Finding[] => results.filter((result) => result.outcome === outcome);
  const failures = of('failed');
  for (const failure of failures) {
    print(`FAILED ${failure.name}\n`);
    for (const line of [explain(failure), ...errorsOf(failure, verbose)]) if (line !== undefined) print(`${line}\n`);
  }
  const stray = (overall.failedExpectations ?? []).map(({ message }) => message);
  for (const message of stray) print(`FAILED outside of any spec: ${message}\n`);
  const seen = new Set(results.map(({ name }) => name));
  const unknown = some ? [] : [...reasonOf.keys()].filter((name) => !seen.has(name));
  for (const name of unknown) print(`FAILED exclusions.ts names a spec that does not exist: ${name}\n`);

  const onHost = of('passed').filter(({ kernelsOnHost }) => kernelsOnHost.length > 0);
  const kernels = new Map<string, number>();
  for (const { kernelsOnHost } of onHost) for (const kernel of kernelsOnHost) kernels.set(kernel, (kernels.get(kernel) ?? 0) + 1);
  const list = [...kernels].sort((a, b) => b[1] - a[1]).map(([kernel, count]) => `${kernel} ${count}`);
  print(
    `\n${results.length} specs in ${seconds.toFixed(0)} s; ${of('passed').length - onHost.length} of those that pass run on ONNX Runtime alone,\n`,
  );
  print(
    `${onHost.length} also call kernels of text, of value-dependent shapes or of random draws, which no graph can hold and the host computes: ${list.join(', ')}\n`,
  );
  print('\nexcluded by reason (tools/conformance/exclusions.ts); each ran, and ended as its reason says:\n');
  for (const [reason, { explanation, specs }] of Object.entries(EXCLUSIONS)) {
    print(`  ${of('excluded').filter((result) => result.reason === reason).length} ${reason}: ${explanation}\n`);
    for (const name of specs) print(`      ${name}\n`);
  }
  const failed = failures.length + stray.length + unknown.length;
  print(`\n${of('passed').length} passed, ${failed} failed, ${of('excluded').length} excluded\n`);
  return failed > 0 ? 1 : 0;
}
