/** Authenticates a request: verifies its bearer token, and returns a handle of the tenant that the token names. */
import type { Tenant } from 'ragwall';
import { type TokenVerifier, unauthenticated } from './verify.js';

const longestToken = 8_192;

/**
 * Returns the handle of the tenant that the request's token names. No other header is read.
 *
 * @param handleOf returns the handle of a tenant id, and throws for what cannot be one, as `forTenant` does.
 * @throws Problem `UNAUTHENTICATED` without exactly one bearer token of at most 8,192 characters, or if it names no
 *   tenant; and whatever `verify` rejects with.
 */
export async function authenticate(
  headers: Headers,
  verify: TokenVerifier,
  handleOf: (tenantId: string) => Tenant,
): Promise<Tenant> {
  const header = headers.get('authorization');
  if (header === null) throw unauthenticated();
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? [];
  if (token === undefined || token.length > longestToken) throw unauthenticated('no bearer token');
  const tenantId = await verify(token);
  try {
    return handleOf(tenantId);
  } catch {
    throw unauthenticated('verify returned no tenant id');
  }
}
