/** What keeps one document of a batch from being stored, and how the others are stored without it. */
import type { CheckedDocument } from './check-document.js';
import { type DocumentPlace, RagwallError } from './errors.js';
import { nameOf } from './input.js';

/** A document that was not stored, where `onError` is `skip`. */
export interface RefusedDocument {
  readonly document: DocumentPlace;
  /** A code of {@link RagwallError}, or a SQLSTATE. */
  readonly code: string;
  /** What was expected. It has no value of the document. */
  readonly message: string;
}

/** Returns the refusal of the document that an error of one of these codes is about. */
export function refusal(error: unknown, codes = /^INVALID_DOCUMENT$/): RefusedDocument | undefined {
  if (!(error instanceof RagwallError) || !error.document || !codes.test(error.code)) return;
  const { document, code, message } = error;
  return { document, code, message: message.slice(nameOf(document).length) };
}

/** Whether it is an error of the database about bad data (class 22), a constraint (23) or a limit (54). */
const isDataError = (error: unknown) => {
  const { name, code } = Object(error);
  return name === 'PostgresError' && /^(22|23|54)/.test(code);
};

/** Returns the refusal of a document that the database alone refuses. The server's message may quote it and is left out. */
function refusedByDatabase(error: unknown, document: DocumentPlace): RefusedDocument {
  const { code, constraint_name: constraint } = Object(error);
  const by = constraint ? `, by the constraint ${constraint}` : '';
  return { document, code, message: `The database refuses it with ${code}${by}.` };
}

/**
 * Runs a step for documents and returns its results. Documents that are refused are left out, and the step runs again for the
 * others. If the database does not say which one it refuses, they are halved until it is found.
 *
 * @param refused gets the documents that are refused. Without it the first refusal is thrown.
 */
export async function withoutRefused<T>(
  documents: readonly CheckedDocument[],
  refused: RefusedDocument[] | undefined,
  step: (documents: readonly CheckedDocument[]) => Promise<T[]>,
): Promise<T[]> {
  if (documents.length === 0) return [];
  try {
    return await step(documents);
  } catch (error) {
    if (!refused) throw error;
    const one = refusal(error);
    if (one) {
      refused.push(one);
      return withoutRefused(
        documents.filter(({ place }) => place !== one.document),
        refused,
        step,
      );
    }
    if (!isDataError(error)) throw error;
    if (documents.length === 1) {
      refused.push(refusedByDatabase(error, (documents[0] as CheckedDocument).place));
      return [];
    }
    const half = documents.length >> 1;
    return [
      ...(await withoutRefused(documents.slice(0, half), refused, step)),
      ...(await withoutRefused(documents.slice(half), refused, step)),
    ];
  }
}
