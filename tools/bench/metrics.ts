// Metrics of many rows, in seconds, beside scikit-learn's where an interpreter that has it is named: AUC with ties, AUC within users,
// DeLong's test, log-loss and expected calibration error.
//   usage: npm run bench -- metrics [--rows 20000000] [--scores 1000000] [--users 100000] [--python INTERPRETER]
// Scores are drawn from so many distinct values. Of scikit-learn the AUC and the log-loss are timed, on the
// same rows, and the AUCs are compared. Exit status 1 where they differ by more than 1e-12.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { auc, delongTest, expectedCalibrationError, groupedAuc, logLoss } from '@expctr/ctr-models';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { processor } from '../common/measure.js';

const { values } = toolArguments({
  rows: { type: 'string', default: '20000000' },
  scores: { type: 'string', default: '1000000' },
  users: { type: 'string', default: '100000' },
  python: { type: 'string' },
});
const rows = wholeNumber('--rows', values.rows, 100);
const scores = wholeNumber('--scores', values.scores, 2);
const userCount = wholeNumber('--users', values.users);

const rng = createRng('metrics');
const labels = new Uint8Array(rows);
const [first, second] = [new Float64Array(rows), new Float64Array(rows)];
const users = new Int32Array(rows);
for (let row = 0; row < rows; row += 1) {
  const p = rng.int(scores + 1) / scores;
  first[row] = p;
  second[row] = rng.int(scores + 1) / scores;
  labels[row] = Number(rng.next() < p);
  users[row] = rng.int(userCount);
}

const seconds = (work: () => number): { readonly value: number; readonly seconds: number } => {
  const began = performance.now();
  return { value: work(), seconds: (performance.now() - began) / 1000 };
};
const ours = {
  auc: seconds(() => auc(labels, first)),
  'log-loss': seconds(() => logLoss(labels, first)),
  'calibration error, equal mass': seconds(() => expectedCalibrationError(labels, first, { strategy: 'quantile' })),
  'AUC within users': seconds(() => groupedAuc(labels, first, users).auc),
  "DeLong's test, p": seconds(() => delongTest(labels, first, second).pValue),
};
const theirs = values.python === undefined ? {} : scikitLearn(values.python);

console.log(`${processor()}; ${rows.toLocaleString('en-US')} rows, ${scores.toLocaleString('en-US')} distinct scores\n`);
console.log('| metric | value | seconds | scikit-learn | times |\n| --- | --- | --- | --- | --- |');
for (const [name, { value, seconds: taken }] of Object.entries(ours)) {
  const peer = theirs[name];
  const beside = peer === undefined ? '| |' : `${peer.seconds.toFixed(2)} | ${(peer.seconds / taken).toFixed(1)} |`;
  console.log(`| ${name} | ${value.toPrecision(12)} | ${taken.toFixed(2)} | ${beside}`);
}
const peerAuc = theirs['auc']?.value ?? ours.auc.value;
if (Math.abs(peerAuc - ours.auc.value) > 1e-12) {
  console.log(`the AUCs differ: ${ours.auc.value} here, ${peerAuc} there`);
  process.exitCode = 1;
}

function scikitLearn(python: string): Readonly<Record<string, { readonly value: number; readonly seconds: number }>> {
  const folder = mkdtempSync(join(tmpdir(), 'expctr-metrics-'));
  try {
    writeFileSync(join(folder, 'labels'), labels);
    writeFileSync(join(folder, 'scores'), new Uint8Array(first.buffer));
    const { status, stdout, stderr } = spawnSync(python, ['tools/bench/metrics_sklearn.py', folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${python} ended with ${String(status)}: ${stderr}`);
    return JSON.parse(stdout) as ReturnType<typeof scikitLearn>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
