import { expect, test } from 'vitest';
import { resolveConfig } from '../src/config/resolve.js';
import { findInputs } from '../src/pipeline/inputs.js';

test('the testbed’s rows come with their truth, and its language with its own templates and statements', async () => {
  const config = await resolveConfig({ preset: 'testbed', sets: ['testbed.users=12', 'testbed.items=130', 'llm.model=generated'] });
  const inputs = await findInputs(config);
  try {
    const { interactions, truth } = await inputs.prepare();
    expect(interactions.userIds.length).toBe(12);
    expect(truth?.length).toBe(interactions.length);
    expect(inputs.notices.map(({ code }) => code)).toEqual(['RUN_SIMULATED', 'RUN_GENERATED']);
    expect(inputs.language.explanation.name).toBe('default'); // the language is the model's, not the data's
  } finally {
    await inputs.dispose();
  }
});

test('a dataset that is read needs its folder', async () => {
  const inputs = await findInputs(await resolveConfig({ sets: ['llm.model=generated'] }));
  await expect(inputs.prepare()).rejects.toMatchObject({ code: 'CONFIG_NO_DATA_DIR' });
  await inputs.dispose();
});
