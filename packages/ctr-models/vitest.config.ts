import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['@expctr/source'] },
  ssr: { resolve: { conditions: ['@expctr/source'] } },
  test: {
    name: 'ctr-models',
    environment: 'node',
    // no test leaves anything behind in a module: they are loaded once, which is half of the time
    isolate: false,
    include: ['test/**/*.test.ts'],
    passWithNoTests: true,
    testTimeout: 60_000,
    coverage: { provider: 'v8', reportsDirectory: './coverage' },
  },
});
