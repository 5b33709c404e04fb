import { afterEach, expect, test, vi } from 'vitest';
import { createProgress } from '../src/progress.js';

afterEach(() => void vi.useRealTimers());

test('lines of a stream that is no terminal: a rate only once there is time to tell one from', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  let shown = '';
  const stream = { isTTY: false, write: (text: string) => ((shown += text), true) } as unknown as NodeJS.WriteStream;
  const task = createProgress(stream).begin('writing', 1000, 'weights');
  task.update(100);
  vi.advanceTimersByTime(2000);
  task.update(150); // within the same tenth
  task.update(400, 'head');
  vi.advanceTimersByTime(3000);
  task.update(1000);
  task.done();
  expect(shown.split('\n')).toEqual([
    '  writing: 100/1000 weights',
    '  writing: 400/1000 weights, 200 weights/s, 3s left, head',
    '  writing: 1000 weights in 5s',
    '',
  ]);
});
