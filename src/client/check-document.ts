/** Checks documents before they are sent, so that an error says which document and which key of it is not as expected. */
import type { Vector } from '../embedders/embedder.js';
import type { Deletion, NewDocument } from './documents.js';
import { type DocumentPlace, RagwallError, type RagwallErrorCode } from './errors.js';
import {
  aboutDocument,
  checkDocument,
  checkMembers,
  copyJsonObject,
  isPosition,
  isShortText,
  isText,
  isUuid,
  keyOf,
  placeOf,
} from './input.js';
import { vectorText } from './vector.js';

const documentMembers = ['id', 'source', 'position', 'content', 'metadata', 'embedding', 'embeddingModel'];

/** A document that was checked: its place in the call, and the JSON that `ragwall.upsert_documents()` takes. */
export interface CheckedDocument {
  readonly place: DocumentPlace;
  readonly json: {
    readonly content: string;
    readonly embedding?: string | undefined;
    readonly embedding_model?: string | undefined;
  };
}

function toJson(document: NewDocument, dimensions?: number, model?: string): CheckedDocument['json'] {
  const { id, source, position, content, metadata, embedding, embeddingModel } = document;
  const hasId = id !== undefined && source === undefined && position === undefined && isUuid(id);
  const hasPlace = id === undefined && isShortText(source, 1024) && isPosition(position);
  checkDocument(
    hasId || hasPlace,
    'A document is expected to have either an id (a UUID) or a source (1 to 1024 bytes) and a position ' +
      '(a whole number from 0).',
    id !== undefined ? 'id' : isShortText(source, 1024) ? 'position' : 'source',
  );
  checkDocument(isText(content), 'content is expected to be a text of whole characters, no NUL.', 'content');
  const path = ['metadata'];
  const copied = copyJsonObject(metadata, path);
  checkDocument(
    metadata === undefined || copied,
    `${keyOf(path)} is expected to be JSON that Postgres can store: no undefined, no NUL, no half of a character, ` +
      'no NaN; metadata an object, 1000 deep at most.',
    keyOf(path),
  );
  checkDocument(
    embedding === undefined || embeddingModel !== undefined,
    'An embedding is expected to name its embeddingModel.',
    'embeddingModel',
  );
  checkDocument(
    embeddingModel === undefined || isShortText(embeddingModel, 200),
    'embeddingModel is expected to have 1 to 200 bytes.',
    'embeddingModel',
  );
  const isEmbedded = embedding !== undefined || model === undefined;
  checkDocument(
    isEmbedded || embeddingModel === undefined || embeddingModel === model,
    'embeddingModel is expected to be the embedder’s model.',
    'embeddingModel',
  );
  const json = { id, source, position, content, metadata: copied };
  const embedding_model = isEmbedded ? embeddingModel : model;
  return {
    ...json,
    embedding: embedding === undefined ? undefined : embeddingText(embedding, dimensions),
    embedding_model,
  };
}

/** @param code of the error for what is no vector of these dimensions. */
function embeddingText(
  embedding: Vector,
  dimensions: number | undefined,
  code: RagwallErrorCode = 'INVALID_VECTOR',
): string {
  try {
    return vectorText(embedding, dimensions);
  } catch (error) {
    throw error instanceof RagwallError
      ? new RagwallError(code, `embedding: ${error.message}`, { key: 'embedding' })
      : error;
  }
}

/** Runs a check of a document. An error says which document it is about. */
function checkAt<T>(place: DocumentPlace, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof RagwallError ? aboutDocument(error, place) : error;
  }
}

/**
 * Checks a document and returns a copy of it.
 *
 * @param index the number of the document in the call, from 0.
 * @param model the name of the embedder's model, if documents without an embedding will be embedded.
 * @throws RagwallError `INVALID_DOCUMENT`, `INVALID_VECTOR`, with the document.
 */
export function checkedDocument(
  document: NewDocument,
  index: number,
  { dimensions, model }: { readonly dimensions?: number | undefined; readonly model?: string | undefined } = {},
): CheckedDocument {
  const { id, source, position } = Object(document) as NewDocument;
  const place = placeOf(index, id, source, position);
  const json = checkAt(place, () => {
    checkMembers(document, 'A document', documentMembers);
    return toJson(document, dimensions, model);
  });
  return { place, json };
}

/**
 * Returns the document with the embedding that an embedder made of it.
 * @throws RagwallError `EMBEDDING_FAILED`, with the document, for what is no such vector.
 */
export function embeddedDocument(
  { place, json }: CheckedDocument,
  vector: Vector,
  dimensions?: number,
): CheckedDocument {
  return {
    place,
    json: { ...json, embedding: checkAt(place, () => embeddingText(vector, dimensions, 'EMBEDDING_FAILED')) },
  };
}

/**
 * Returns the deletion if it is one of the three kinds.
 * @throws RagwallError `INVALID_DOCUMENT`, `INVALID_FILTER`.
 */
export function checkedDeletion(deletion: Deletion) {
  checkMembers(deletion, 'A deletion', ['ids', 'source', 'fromPosition', 'filter']);
  const { ids, source, fromPosition, filter } = deletion as Record<string, unknown>;
  const kinds = [ids, source, filter].filter((kind) => kind !== undefined);
  checkDocument(kinds.length === 1, 'Either ids, a source or a filter is expected.');
  const copied = Array.isArray(ids) ? Array.from<unknown>(ids) : undefined;
  checkDocument(ids === undefined || copied?.every(isUuid), 'ids are expected to be UUIDs.', 'ids');
  checkDocument(
    source === undefined || isShortText(source, 1024),
    'A source of 1 to 1024 bytes is expected.',
    'source',
  );
  checkDocument(
    !Object.hasOwn(deletion, 'fromPosition') || (source !== undefined && isPosition(fromPosition)),
    'fromPosition is expected to be a whole number from 0, beside a source; leave it out to delete the whole source.',
    'fromPosition',
  );
  const contained = copyJsonObject(filter);
  if (filter !== undefined && !(contained && Object.keys(contained).length > 0)) {
    throw new RagwallError(
      'INVALID_FILTER',
      'The filter of a deletion is expected to be a JSON object that is not empty, without undefined: everything fits an empty one.',
    );
  }
  return { ids: copied as string[] | undefined, source, fromPosition: fromPosition ?? 0, filter: contained };
}
