/** Signs the short-lived tokens by which a database in signed mode is told who is asking. */
import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { checkIntegerOption, checkOptions, RagwallError } from './errors.js';

/** Returns a token of a tenant. */
export type TokenSigner = (tenantId: string) => Promise<string>;

const most = 1_000;

/** The parts of the key, or nothing where the text is none. Never throws: the text is a secret. */
function parse(jwk: string) {
  try {
    const { kty, alg, kid, aud, k } = JSON.parse(jwk) as Record<string, unknown>;
    const bytes = typeof k === 'string' ? Buffer.from(k, 'base64url') : Buffer.alloc(0);
    if (kty !== 'oct' || alg !== 'HS256' || bytes.length < 32) return;
    return typeof kid === 'string' && typeof aud === 'string' ? { kid, aud, bytes } : undefined;
  } catch {
    return;
  }
}

/**
 * Returns what signs tokens with a key. A token is used again for half of its lifetime; those of the 1,000
 * tenants that asked last are kept.
 *
 * @param jwk what `ragwall.add_signing_key()` returned.
 * @param options `lifetime`, whole seconds from 2 to 300, default 60: how long a stolen token can be used.
 * @throws RagwallError `INVALID_OPTION`.
 * @see db/migrations/committed/000006-signed-tenant.sql
 * @example
 * const signer = tokenSigner(process.env.RAGWALL_SIGNING_KEY);
 * const acme = forTenant(sql, 'acme', { signer });
 */
export function tokenSigner(
  jwk: string | undefined,
  options: { readonly lifetime?: number } = {},
): TokenSigner {
  const { lifetime = 60 } = checkOptions(options);
  const found = parse(jwk ?? '');
  if (!found) {
    throw new RagwallError(
      'INVALID_OPTION',
      'A signing key is expected as ragwall.add_signing_key() returned it: a JSON Web Key with kty, alg, kid, aud and k.',
    );
  }
  checkIntegerOption('lifetime', lifetime, 2, 300);
  const { kid, aud } = found;
  const key = createSecretKey(found.bytes);
  const kept = new Map<string, { token: Promise<string>; until: number }>();

  return (tenantId) => {
    const now = Math.floor(Date.now() / 1000);
    const last = kept.get(tenantId);
    kept.delete(tenantId);
    const current =
      last && now < last.until && now >= last.until - lifetime / 2
        ? last
        : {
            token: new SignJWT({ tenant_id: tenantId })
              .setProtectedHeader({ alg: 'HS256', kid })
              .setAudience(aud)
              .setIssuedAt(now)
              .setExpirationTime(now + lifetime)
              .sign(key),
            until: now + lifetime / 2,
          };
    kept.set(tenantId, current);
    if (kept.size > most) kept.delete(kept.keys().next().value as string);
    return current.token;
  };
}
