/** How large a request may be and how long it may take, and how much of the machine requests may use at once. */
import { z } from 'zod';
import { checkOption, wholeNumber } from './options.js';

/** The limits of the service. Each is a whole number from 1. */
export interface Limits {
  /** Bytes of a body, default 4 MiB. */
  readonly bodyBytes: number;
  /** Documents of an upsert, at most 1000, default 100. */
  readonly batch: number;
  /** UTF-16 units of a document's content, default 32,000. */
  readonly contentLength: number;
  /** UTF-16 units of metadata, or of a filter, written as JSON; default 16,000. */
  readonly metadataLength: number;
  /** UTF-16 units of a question, default 4,000. */
  readonly questionLength: number;
  /** Documents that a query returns, or passages that an answer is made from; at most 1000, default 50. */
  readonly k: number;
  /** Seconds until a request is answered 504, at most 3,600, default 30. */
  readonly seconds: number;
  /** Requests under way at once, default 2,000. Beyond them a request is answered 503. */
  readonly requests: number;
  /** Requests of one tenant under way at once, default 500. Beyond them a request is answered 429. */
  readonly tenantRequests: number;
  /**
   * Bytes of the bodies of more than 8 KiB of all requests under way, default 64 MiB. Beyond them a request is answered 503, before its body
   * is read. A body without a `content-length` is counted as it comes.
   */
  readonly bytes: number;
  /** The same of one tenant's requests, default 16 MiB. Beyond them a request is answered 429. */
  readonly tenantBytes: number;
  /**
   * Bodies of more than 64 KiB that are parsed, embedded and stored at once, default 2, and one of a tenant. The others
   * wait, as bytes, and tenants take turns.
   */
  readonly uploads: number;
  /** Calls of the embedder at once, default 32. Tenants take turns. */
  readonly embeddings: number;
}

const mebibyte = 1024 ** 2;
const upTo = (most = Number.MAX_SAFE_INTEGER) => wholeNumber(1, most);
const limits = {
  bodyBytes: upTo().default(4 * mebibyte),
  batch: upTo(1_000).default(100),
  contentLength: upTo().default(32_000),
  metadataLength: upTo().default(16_000),
  questionLength: upTo().default(4_000),
  k: upTo(1_000).default(50),
  seconds: upTo(3_600).default(30),
  requests: upTo().default(2_000),
  tenantRequests: upTo().default(500),
  bytes: upTo().default(64 * mebibyte),
  tenantBytes: upTo().default(16 * mebibyte),
  uploads: upTo().default(2),
  embeddings: upTo().default(32),
};
const schema = z
  .strictObject(limits, `expected an object of ${Object.keys(limits).join(', ')}`)
  .refine(({ bodyBytes, tenantBytes }) => bodyBytes <= tenantBytes, {
    path: ['tenantBytes'],
    message: 'expected bodyBytes or more, because a body that is larger would never be accepted',
  })
  .refine(({ tenantBytes, bytes }) => tenantBytes <= bytes, {
    path: ['bytes'],
    message: 'expected tenantBytes or more',
  });

/**
 * Returns the limits, with the default of each that is not given.
 * @throws RagwallError `INVALID_OPTION` for an unknown name or a number out of range.
 */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  return checkOption('limits', schema, given);
}
