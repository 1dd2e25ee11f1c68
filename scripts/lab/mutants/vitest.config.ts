import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const order = (process.env.RAGWALL_MUTANT_TESTS ?? '').split(',');
const place = ({ moduleId }: TestSpecification) => order.findIndex((file) => moduleId.endsWith(file));

/** As they were named: the quicker first. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

/** For the gate: on a database that is there already, until the first failure. */
export default defineConfig({
  test: {
    include: order,
    globalSetup: fileURLToPath(new URL('./vitest-setup.ts', import.meta.url)),
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    bail: 1,
    reporters: ['json'],
    sequence: { sequencer: InOrder },
  },
});
