import { cpus } from 'node:os';
import { defineConfig } from 'vitest/config';

// On two cores one worker, Vitest's default there, leaves one of them idle for half of the time.
const maxWorkers = Math.max(2, cpus().length - 1);

export default defineConfig({ test: { projects: ['packages/*', 'apps/*', 'tools', 'tools/test-support', 'tools/docs'], maxWorkers } });
