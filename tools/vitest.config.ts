import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@expctr/source'] },
  ssr: { resolve: { conditions: ['@expctr/source'] } },
  test: {
    name: 'tools',
    environment: 'node',
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
