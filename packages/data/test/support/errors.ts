import { ExpctrError } from '@expctr/core';
import { expect } from 'vitest';

/** The ExpctrError that `action` throws or rejects with. */
export async function errorOf(action: () => unknown): Promise<ExpctrError> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(ExpctrError);
    return error as ExpctrError;
  }
  throw new Error('nothing was thrown');
}
