import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const order = (process.env.RAGWALL_MUTANT_TESTS ?? '').split(',');
const place = ({ moduleId }: TestSpecification) => order.findIndex((file) => moduleId.endsWith(file));

/** Runs the files in the order in which they were named. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

/** Tests of a mutant: on an engine that already runs, until the first failure. */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: order,
    provide: { engine: JSON.parse(process.env.RAGWALL_MUTANT_ENGINE ?? '') },
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    bail: 1,
    reporters: ['json'],
    sequence: { sequencer: InOrder },
  },
});
