/** What requests may hold at once, a tenant's and all together: beyond it a request is refused before its body is read. */
import type { Limits } from './limits.js';
import { Problem } from './problem.js';

/** What one request holds. */
export interface Share {
  /** Takes what `bytes` are more than it holds. @throws Problem as {@link Budget.take} does. */
  grow(bytes: number): void;
  /** Gives everything back. The second call does nothing. */
  release(): void;
}

/** See {@link createBudget}. */
export interface Budget {
  /**
   * Takes one request and the bytes of its body.
   * @throws Problem `TENANT_BUSY` or `BUSY`, with a `retry-after` of a second.
   */
  take(tenant: string, bytes: number): Share;
  /** The requests that are under way, and the bytes of their bodies. */
  readonly load: { readonly requests: number; readonly bytes: number };
}

/** Whose budget a request was beyond. */
export type Refusal = 'tenant' | 'all';

/** Returns the budget that the limits describe; `refused` is called for each request that is refused. */
export function createBudget(
  limits: Pick<Limits, 'requests' | 'tenantRequests' | 'bytes' | 'tenantBytes'>,
  refused: (by: Refusal) => void = () => {},
): Budget {
  const tenants = new Map<string, { requests: number; bytes: number }>();
  const all = { requests: 0, bytes: 0 };
  const headers = { 'retry-after': '1' };

  return {
    take(tenant, bytes) {
      const own = tenants.get(tenant) ?? { requests: 0, bytes: 0 };
      let held = 0;
      function hold(requests: number, more: number): void {
        if (own.requests + requests > limits.tenantRequests || own.bytes + more > limits.tenantBytes) {
          refused('tenant');
          throw new Problem('TENANT_BUSY', undefined, { headers });
        }
        if (all.requests + requests > limits.requests || all.bytes + more > limits.bytes) {
          refused('all');
          throw new Problem('BUSY', undefined, { headers });
        }
        held += more;
        for (const one of [own, all]) {
          one.requests += requests;
          one.bytes += more;
        }
      }
      hold(1, bytes);
      tenants.set(tenant, own);
      let released = false;
      return {
        grow(bytes) {
          if (bytes > held) hold(0, bytes - held);
        },
        release() {
          if (released) return;
          released = true;
          hold(-1, -held);
          if (own.requests === 0) tenants.delete(tenant);
        },
      };
    },
    get load() {
      return { ...all };
    },
  };
}
