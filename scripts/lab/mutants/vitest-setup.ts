/** Tells Vitest of the engine that runs already: see typescript.ts. */
import type { TestProject } from 'vitest/node';
import type { Engine } from '../../../db/tests/engine/engine.js';

export default function setup(project: TestProject): void {
  project.provide('engine', JSON.parse(process.env.RAGWALL_MUTANT_ENGINE ?? '') as Engine);
}
