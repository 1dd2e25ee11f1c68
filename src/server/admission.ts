/** Lets a request in: its share of the budget, the tenant's rate, its body, and for a large body its turn. */
import type { Context, MiddlewareHandler } from 'hono';
import type { Budget, Share } from './budget.js';
import type { Limits } from './limits.js';
import { Problem } from './problem.js';
import { limitRate, type RateLimiter } from './rate-limit.js';
import type { Env } from './request-log.js';
import { createTurns, type Turns, untilAborted } from './turns.js';

/** Bytes from which a body takes a turn before it is parsed. */
const largeBody = 64 * 1024;

/**
 * Bytes up to which a body is not counted: the number of requests bounds these. So a tenant that uploads as much as it may
 * can still ask, and nobody's question is refused because others upload.
 */
const smallBody = 8 * 1024;
const counted = (bytes: number) => (bytes > smallBody ? bytes : 0);

/** See {@link createAdmission}. */
export interface Admission {
  readonly limits: Limits;
  readonly budget: Budget;
  readonly rateLimiter: RateLimiter | false;
  /** The turns of large bodies. */
  readonly uploads: Turns;
}

const tooLarge = (bodyBytes: number) =>
  new Problem('TOO_LARGE', `A body is expected to have at most ${bodyBytes} bytes.`);

/**
 * Returns the bytes that a body has by its `content-length`, or 0 if it has none. Nothing but headers is looked at: Node
 * discards the body of a refused request only if nobody has begun to read it.
 * @throws Problem `TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`.
 */
function announcedBytes({ headers, method }: Request, bodyBytes: number): number {
  const length = headers.has('transfer-encoding') ? null : headers.get('content-length');
  const announced = length !== null && /^\d+$/.test(length) ? Number(length) : 0;
  if (announced > bodyBytes) throw tooLarge(bodyBytes);
  if (method === 'POST' && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(headers.get('content-type') ?? '')) {
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send content-type: application/json.');
  }
  return announced;
}

/**
 * Returns a body's bytes. Those beyond the ones that were announced are counted as they come.
 * @throws Problem `TOO_LARGE`, `TENANT_BUSY`, `BUSY`; the signal's reason once it is aborted.
 */
async function readBody(
  body: ReadableStream<Uint8Array>,
  announced: number,
  { bodyBytes, share, signal }: { bodyBytes: number; share: Share; signal: AbortSignal },
): Promise<Uint8Array> {
  const reader = body.getReader();
  let bytes = new Uint8Array(announced);
  let size = 0;
  for (;;) {
    // What is not read is left to the server: to cancel the reader would break the connection off before the answer.
    const { done, value } = await untilAborted(signal, reader.read());
    if (done) return bytes.subarray(0, size);
    const end = size + value.length;
    if (end > bodyBytes) throw tooLarge(bodyBytes);
    if (end > bytes.length) {
      const more = new Uint8Array(Math.min(bodyBytes, Math.max(end, 2 * bytes.length)));
      share.grow(counted(more.length));
      more.set(bytes.subarray(0, size));
      bytes = more;
    }
    bytes.set(value, size); // copied, because many small chunks take far more memory than their bytes
    size = end;
  }
}

/** Returns the middleware. It expects a tenant and a signal in the context, and leaves the body's text there. */
export function createAdmission({ limits, budget, rateLimiter, uploads }: Admission): MiddlewareHandler<Env> {
  // Any number may begin, one in each round of the event loop: many that arrive at once hold nobody else up.
  const arrivals = createTurns(Number.POSITIVE_INFINITY);

  async function enter(c: Context<Env>, share: Share, announced: number, next: () => Promise<void>): Promise<void> {
    const { tenantId } = c.get('tenant');
    if (rateLimiter) await limitRate(rateLimiter, tenantId);
    await arrivals.take(tenantId, c.get('signal'), async () => {});
    const { body, signal: caller } = c.req.raw;
    const signal = AbortSignal.any([c.get('signal'), caller]);
    c.set('caller', caller);
    c.set('signal', signal);
    if (!body) return next();
    const { bodyBytes } = limits;
    let bytes: Uint8Array | undefined = await readBody(body, announced, { bodyBytes, share, signal });
    const parse = async () => {
      // Hono reads a body from here if it is here, and expects a promise.
      Object.assign(c.req.bodyCache, { text: Promise.resolve(new TextDecoder().decode(bytes)) });
      bytes = undefined;
      await next();
    };
    return bytes.length > largeBody ? uploads.take(tenantId, signal, parse) : parse();
  }

  return async (c, next) => {
    const announced = announcedBytes(c.req.raw, limits.bodyBytes);
    const share = budget.take(c.get('tenant').tenantId, counted(announced));
    c.set('share', share);
    try {
      await enter(c, share, announced, next);
    } finally {
      if (!c.get('streams')) share.release();
    }
  };
}
