/** The documents of an upsert: each is checked by itself, so that one that is refused does not keep the others out. */
import type { NewDocument, RefusedDocument, StoredDocument } from 'ragwall';
import type { z } from 'zod';
import { type Fault, faultsOf, Problem } from './problem.js';

/** What became of a document, in the answer to an upsert. */
interface DocumentResult {
  readonly index: number;
  readonly id?: string;
  readonly source?: string;
  readonly position?: number;
  readonly status: 'inserted' | 'updated' | 'unchanged' | 'refused';
  readonly code?: string;
  readonly detail?: string;
}

/** The documents of a body that are as expected, and the results of the body's documents as far as they are known. */
export interface ReadDocuments {
  readonly documents: NewDocument[];
  /** Notes what became of documents. Their numbers are those in `documents`. */
  note(stored: readonly StoredDocument[], refused: readonly RefusedDocument[]): void;
  /** The result of each document of the body, in their order. */
  results(): DocumentResult[];
}

const isShort = (value: unknown) => typeof value === 'string' && value.length <= 1024;

const refused = (index: number, document: unknown, faults: readonly Fault[]): DocumentResult => ({
  index,
  ...Object.fromEntries(
    Object.entries(Object(document)).filter(
      ([name, value]) =>
        (/^(id|source)$/.test(name) && isShort(value)) || (name === 'position' && Number.isSafeInteger(value)),
    ),
  ),
  status: 'refused',
  code: 'INVALID_DOCUMENT',
  detail: faults.map(({ pointer, detail }) => `${pointer === '' ? '' : `${pointer}: `}${detail}`).join('; '),
});

/**
 * Checks the documents of a body.
 *
 * @param skips whether documents that are not as expected are left out.
 * @throws Problem `INVALID_REQUEST` otherwise, with the faults of all.
 */
export function readDocuments(given: readonly unknown[], schema: z.ZodType<object>, skips: boolean): ReadDocuments {
  const parsed = given.map((document) => schema.safeParse(document));
  const issues = parsed.flatMap(({ error }, index) =>
    (error?.issues ?? []).map(({ path, message }) => ({ path: ['documents', index, ...path], message })),
  );
  if (issues.length > 0 && !skips) throw new Problem('INVALID_REQUEST', undefined, { errors: faultsOf(issues) });
  const results = new Map<number, DocumentResult>();
  const numbers: number[] = [];
  const documents: NewDocument[] = [];
  for (const [index, { data, error }] of parsed.entries()) {
    if (error) results.set(index, refused(index, given[index], faultsOf(error.issues)));
    else {
      numbers.push(index);
      documents.push(data as NewDocument);
    }
  }
  const keep = (result: DocumentResult) => {
    const index = numbers[result.index] as number;
    results.set(index, { ...result, index });
  };
  return {
    documents,
    note(stored, refusals) {
      for (const { status, ...place } of stored) keep({ ...place, status: status as DocumentResult['status'] });
      for (const { document, code, message } of refusals) {
        // What the database alone refuses is told without its reason, which may name its internals.
        const isOurs = /^INVALID_/.test(code);
        const detail = isOurs ? message : 'The database refuses the document.';
        keep({ ...document, status: 'refused', code: 'INVALID_DOCUMENT', detail });
      }
    },
    results: () => given.map((_, index) => results.get(index) as DocumentResult),
  };
}
