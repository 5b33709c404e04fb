import { ExpctrError } from '@expctr/core';

/** A parameter of what the testbed generates makes no sense; the message names it. */
export class TestbedError extends ExpctrError {}

/** @throws TestbedError `TESTBED_OPTION` unless `value` is an integer in [low, high]. */
export function requireInteger(option: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new TestbedError('TESTBED_OPTION', `${option} is ${String(value)}`, { expected: `an integer from ${low} to ${high}` });
}
