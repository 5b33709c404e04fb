import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { projects: ['packages/*', 'apps/*', 'tools', 'tools/test-support', 'tools/docs'] } });
