/** How large a request may be and how long it may take, and the middleware that refuses larger bodies. */
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { checkOption, wholeNumber } from './options.js';
import { Problem } from './problem.js';

/** The limits of one request. Each is a whole number from 1. */
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
}

const upTo = (most = Number.MAX_SAFE_INTEGER) => wholeNumber(1, most);
const limits = {
  bodyBytes: upTo().default(4 * 1024 ** 2),
  batch: upTo(1_000).default(100),
  contentLength: upTo().default(32_000),
  metadataLength: upTo().default(16_000),
  questionLength: upTo().default(4_000),
  k: upTo(1_000).default(50),
  seconds: upTo(3_600).default(30),
};
const schema = z.strictObject(limits, `expected an object of ${Object.keys(limits).join(', ')}`);

/**
 * Returns the limits, with the default of each that is not given.
 * @throws RagwallError `INVALID_OPTION` for an unknown name or a number out of range.
 */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  return checkOption('limits', schema, given);
}

/** Refuses bodies of more than `bodyBytes` before they are read as a whole, and POSTs that are not JSON. */
export function bodyRules({ bodyBytes }: Limits): MiddlewareHandler[] {
  return [
    bodyLimit({
      maxSize: bodyBytes,
      onError: () => {
        throw new Problem('TOO_LARGE', `A body is expected to have at most ${bodyBytes} bytes.`);
      },
    }),
    async (c, next) => {
      const type = c.req.header('content-type') ?? '';
      if (c.req.method === 'POST' && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
        throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send content-type: application/json.');
      }
      await next();
    },
  ];
}
