import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@expctr/source'] },
  ssr: { resolve: { conditions: ['@expctr/source'] } },
  test: {
    name: 'lm',
    environment: 'node',
    include: ['test/**/*.test.ts'],
    passWithNoTests: true,
    testTimeout: 60_000,
    coverage: { provider: 'v8', reportsDirectory: './coverage' },
  },
});
