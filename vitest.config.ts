import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['src/**/*.test.ts', 'db/tests/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: './db/tests/engine/vitest-setup.ts',
    // The embedded engine has one connection: one file at a time.
    fileParallelism: false,
    cache: false, // or what a run did before decides on the order of this one
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', './db/tests/engine/totals-reporter.ts'],
  },
});
