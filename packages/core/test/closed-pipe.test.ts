import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { tolerateClosedPipe } from '../src/index.js';

const failure = (code: string): Error => Object.assign(new Error(code), { code });

test('a reader that has gone ends nothing but the output; other errors are not swallowed', () => {
  const output = new PassThrough();
  tolerateClosedPipe(output);
  expect(() => output.emit('error', failure('EPIPE'))).not.toThrow();
  expect(() => output.emit('error', failure('EIO'))).toThrow('EIO');
});
