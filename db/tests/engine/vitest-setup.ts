/** Starts one engine for the whole run of Vitest and tells every test file where it is. */
import type { TestProject } from 'vitest/node';
import { type Engine, startTestEngine } from './engine.js';

declare module 'vitest' {
  export interface ProvidedContext {
    engine: Engine;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...engine } = await startTestEngine((line) => console.log(`engine: ${line}`));
  console.log(`engine: ${engine.kind}`);
  project.provide('engine', engine);
  return stop;
}
