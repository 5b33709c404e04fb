// Prints what the suite found; returns the exit status.
import { exclusions, reasons } from './exclusions.mjs';

/** How an excluded spec, or one that is neither passed nor failed, ended. */
function explain({ reason, status }) {
  if (reason !== undefined) return `it is excluded as "${reason}", but ended as ${status} in another way`;
  return status === 'pending' ? 'tfjs disables it, but tools/conformance/exclusions.mjs does not name it' : undefined;
}

function errorsOf({ errors }, verbose) {
  return errors.map(
    ({ message, stack }) => `    ${(verbose ? (stack ?? message) : message.split('\n').slice(0, 4).join('\n')).replaceAll('\n', '\n    ')}`,
  );
}

export function report({ results, overall, reasonOf, options, print, seconds }) {
  const of = (outcome) => results.filter((result) => result.outcome === outcome);
  const failures = of('failed');
  for (const failure of failures) {
    print(`FAILED ${failure.name}\n`);
    for (const line of [explain(failure), ...errorsOf(failure, options.verbose)]) if (line !== undefined) print(`${line}\n`);
  }
  // errors outside of specs, such as in afterAll
  const stray = (overall.failedExpectations ?? []).map(({ message }) => message);
  for (const message of stray) print(`FAILED outside of any spec: ${message}\n`);
  const seen = new Set(results.map(({ name }) => name));
  const unknown = options.grep === undefined ? [...reasonOf.keys()].filter((name) => !seen.has(name)) : [];
  for (const name of unknown) print(`FAILED exclusions.mjs names a spec that does not exist: ${name}\n`);

  const onHost = of('passed').filter(({ kernelsOnHost }) => kernelsOnHost.length > 0);
  const kernels = new Map();
  for (const { kernelsOnHost } of onHost) for (const kernel of kernelsOnHost) kernels.set(kernel, (kernels.get(kernel) ?? 0) + 1);
  const list = [...kernels].sort((a, b) => b[1] - a[1]).map(([kernel, count]) => `${kernel} ${count}`);
  print(
    `\n${results.length} specs in ${seconds.toFixed(0)} s; ${of('passed').length - onHost.length} of those that pass run on ONNX Runtime alone,\n`,
  );
  print(
    `${onHost.length} also call kernels of text, of value-dependent shapes or of random draws, which no graph can hold and the host computes: ${list.join(', ')}\n`,
  );
  print('\nexcluded by reason (tools/conformance/exclusions.mjs); each ran, and ended as its reason says:\n');
  for (const [reason, { explanation }] of Object.entries(reasons)) {
    print(`  ${of('excluded').filter((result) => result.reason === reason).length} ${reason}: ${explanation}\n`);
    for (const name of exclusions[reason]) print(`      ${name}\n`);
  }
  const failed = failures.length + stray.length + unknown.length;
  print(`\n${of('passed').length} passed, ${failed} failed, ${of('excluded').length} excluded\n`);
  return failed > 0 ? 1 : 0;
}
