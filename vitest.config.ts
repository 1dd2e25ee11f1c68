import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'db/tests/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: './scripts/engines/vitest-setup.ts',
    // The embedded engine has one connection: one file at a time.
    fileParallelism: false,
    cache: false, // or what a run did before decides on the order of this one
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', './scripts/engines/totals-reporter.ts'],
  },
});
