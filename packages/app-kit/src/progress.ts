import { SingleBar } from 'cli-progress';
import { printable, printableLines } from '@expctr/core';

/** Shows how far long work has come: a bar on a terminal, plain lines elsewhere, nothing where it is `silent`. */
export interface Progress {
  /** A line of its own. */
  say(text: string): void;
  /** Starts a piece of work of `total` units; call the result's `done` when it ends. */
  begin(name: string, total: number, unit: string): ProgressTask;
}

/** A piece of work under way. */
export interface ProgressTask {
  /** `completed` units are done; `note` is a short text beside the bar. */
  update(completed: number, note?: string): void;
  done(note?: string): void;
}

/** Progress on `stream` (standard error, so that standard output stays machine-readable). */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return printableProgress(stream.isTTY ? terminalProgress(stream) : lineProgress(stream));
}

/** For programs and tests. */
export const silentProgress: Progress = { say: () => undefined, begin: () => ({ update: () => undefined, done: () => undefined }) };

/** What is said may quote data: nothing in it commands the terminal. */
function printableProgress(inner: Progress): Progress {
  return {
    say: (text) => inner.say(printableLines(text)),
    begin(name, total, unit) {
      const task = inner.begin(printable(name), total, printable(unit));
      return {
        update: (completed, note = '') => task.update(completed, printable(note)),
        done: (note = '') => task.done(printable(note)),
      };
    },
  };
}

function terminalProgress(stream: NodeJS.WriteStream): Progress {
  return {
    say: (text) => void stream.write(`${text}\n`),
    begin(name, total, unit) {
      const bar = new SingleBar({
        stream,
        format: `  ${name.padEnd(26)} {bar} {value}/{total} ${unit}  {rate}  {eta_formatted} left  {note}`,
        barsize: 24,
        hideCursor: true,
        stopOnComplete: false,
      });
      const started = performance.now();
      bar.start(total, 0, { rate: '', note: '' });
      return {
        update: (completed, note = '') => bar.update(completed, { rate: rateText(completed, started, unit), note }),
        done(note = '') {
          bar.update(total, { rate: rateText(total, started, unit), note });
          bar.stop();
        },
      };
    },
  };
}

function lineProgress(stream: NodeJS.WriteStream): Progress {
  const linesATask = 10;
  return {
    say: (text) => void stream.write(`${text}\n`),
    begin(name, total, unit) {
      const started = performance.now();
      let shown = 0;
      const line = (completed: number, note: string): void => {
        const rate = rateText(completed, started, unit);
        const left = ((performance.now() - started) / completed) * (total - completed);
        const pace = rate === '' ? '' : `, ${rate}, ${durationText(left)} left`;
        stream.write(`  ${name}: ${completed}/${total} ${unit}${pace}${note === '' ? '' : `, ${note}`}\n`);
      };
      return {
        update(completed, note = '') {
          const due = Math.floor((completed * linesATask) / total);
          if (due > shown && completed < total) {
            shown = due;
            line(completed, note);
          }
        },
        done: (note = '') =>
          void stream.write(
            `  ${name}: ${total} ${unit} in ${durationText(performance.now() - started)}${note === '' ? '' : `, ${note}`}\n`,
          ),
      };
    },
  };
}

/** Least time to tell a rate from, in milliseconds: what tells of its first part has often begun no earlier. */
const LEAST_TIME = 50;

function rateText(completed: number, started: number, unit: string): string {
  const passed = performance.now() - started;
  if (passed < LEAST_TIME || completed === 0) return '';
  const rate = (completed * 1000) / passed;
  return rate >= 1 ? `${rate >= 100 ? Math.round(rate) : rate.toPrecision(3)} ${unit}/s` : `${(1 / rate).toPrecision(3)} s each`;
}

/** `75_000` as `1m15s`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}m${String(seconds % 60).padStart(2, '0')}s`
    : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}
