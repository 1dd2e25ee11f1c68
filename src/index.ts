/** Tenant-isolated retrieval for RAG, inside Postgres: the client. */
export {
  assertIsolation,
  type IsolationCheck,
  type IsolationOptions,
  type Undetermined,
} from './client/assert-isolation.js';
export {
  type Deletion,
  type DocumentKey,
  deleteDocuments,
  type JsonObject,
  type Match,
  matchDocuments,
  type NewDocument,
  type StoredDocument,
  upsertDocuments,
} from './client/documents.js';
export { RagwallError, type RagwallErrorCode } from './client/errors.js';
export {
  forTenant,
  type Tenant,
  type TenantOptions,
  type UpsertCounts,
  type UpsertOptions,
} from './client/handle.js';
export { poolOptions, setTenant } from './client/tenant.js';
export { type TokenSigner, tokenSigner } from './client/token.js';
export { type Embedder, lexicalEmbedder, openaiEmbedder, type Vector } from './embedders/embedder.js';
