/** What is stored already when the attacker comes: ten tenants, his own accounts among them. */
import { randomUUID } from 'node:crypto';
import { around, type Document, direction, near } from './vectors.js';

export const victim = 'acme';

/** Each tenant has five subjects of its own, which favours the shared index: nobody is near by chance. */
function corpus(tenant: number, size: number): Document[] {
  return Array.from({ length: 5 }, (_, subject) =>
    around(direction(tenant, subject), 0.75, size / 5, tenant * 10 + subject),
  ).flat();
}

/** Returns the documents of each tenant, the same for the same size; `size` is a multiple of five. */
export const world = (size = 500): ReadonlyMap<string, readonly Document[]> =>
  new Map(
    [victim, 'mallory-1', 'mallory-2', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, n) => [
      name,
      corpus(1_000 + n, size),
    ]),
  );

/** Returns the embedding of a passage that the victim may hold, on one of its subjects. */
export const passage = (n: number): number[] => near(direction(1_000, n % 5), 0.75, 77, n);

/** A document of the victim's that nobody else knows. */
export const secret: Document = { id: randomUUID(), vector: passage(-1 + 5 * 1_000) };
