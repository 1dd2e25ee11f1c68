/** The client of Ragwall: tenant-isolated retrieval for RAG, inside Postgres. */
export {
  assertIsolation,
  type IsolationCheck,
  type IsolationOptions,
  type Undetermined,
} from './client/assert-isolation.js';
export { type ConnectOptions, connect, type Ragwall } from './client/connect.js';
export type { DriverOptions } from './client/connections.js';
export {
  type Deletion,
  type DocumentKey,
  deleteDocuments,
  type NewDocument,
  type StoredDocument,
  upsertDocuments,
} from './client/documents.js';
export { type DocumentPlace, RagwallError, type RagwallErrorCode } from './client/errors.js';
export type { Filter } from './client/filter.js';
export type { Tenant, TenantTransaction } from './client/handle.js';
export type { BatchOptions, UpsertCounts, UpsertOptions } from './client/ingest.js';
export type { JsonObject } from './client/input.js';
export type { RefusedDocument } from './client/refusals.js';
export {
  type HybridMatch,
  type HybridOptions,
  type Match,
  type MatchOptions,
  matchDocuments,
  type Neighbour,
  searchWords,
  type WordMatch,
  type WordOptions,
} from './client/search.js';
export { setTenant } from './client/tenant.js';
export { type TokenSigner, tokenSigner } from './client/token.js';
export { vectorText } from './client/vector.js';
export type { Embedder, Vector } from './embedders/embedder.js';
export { lexicalEmbedder } from './embedders/lexical.js';
export {
  type OpenAIEmbedderOptions,
  type OpenAIEmbeddings,
  openaiEmbedder,
} from './embedders/openai.js';
export { semanticEmbedder } from './embedders/semantic.js';
