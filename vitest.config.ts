import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 150_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make the Docker suites wait for each other.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
