/** Tenant-isolated retrieval for RAG, inside Postgres: the client. */
export {
  assertIsolation,
  type IsolationCheck,
  type IsolationOptions,
  type Undetermined,
} from './assert-isolation.js';
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
} from './documents.js';
export { type Embedder, lexicalEmbedder, openaiEmbedder, type Vector } from './embedder.js';
export { RagwallError, type RagwallErrorCode } from './errors.js';
export {
  forTenant,
  type Tenant,
  type TenantOptions,
  type UpsertCounts,
  type UpsertOptions,
} from './handle.js';
export { poolOptions, setTenant } from './tenant.js';
export { type TokenSigner, tokenSigner } from './token.js';
