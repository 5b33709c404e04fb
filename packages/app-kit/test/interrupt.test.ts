import { EXIT } from '@expctr/core';
import { afterEach, expect, test, vi } from 'vitest';
import { interruptSignal } from '../src/index.js';

afterEach(() => vi.restoreAllMocks());

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the first %s asks the work to end, the second ends the process, none is heard afterwards',
  async (name) => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    const before = process.listenerCount(name);
    const asked = vi.fn(() => 'why');
    const { signal, whileListening } = interruptSignal(asked);
    await whileListening((given) => {
      expect([given, process.listenerCount(name)]).toEqual([signal, before + 1]);
      process.emit(name);
      expect([signal.aborted, signal.reason, exit.mock.calls]).toEqual([true, 'why', []]);
      process.emit(name);
      return Promise.resolve();
    });
    expect(exit.mock.calls[0]).toEqual([EXIT.interrupted]);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(process.listenerCount(name)).toBe(before);
    await expect(whileListening(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(process.listenerCount(name)).toBe(before);
  },
);
