/** Signs the short-lived tokens with which a tenant is bound in a database in signed mode. */
import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { checkIntegerOption, checkOptions, RagwallError } from './errors.js';

/** Returns a token that names the tenant: a signed JWT. */
export type TokenSigner = (tenantId: string) => Promise<string>;

/** For how many tenants a signer keeps the last token. */
const maxKept = 1_000;

/** Returns the parts of a key, or undefined. It throws nothing, because the error could quote the secret. */
function parseKey(jwk: string) {
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
 * Returns a function that signs tokens with a key. It returns the same token of a tenant for half of the
 * token's lifetime, and keeps the tokens of the 1,000 tenants that were used last.
 *
 * @param jwk the JSON Web Key that `ragwall.add_signing_key()` returned: a secret.
 * @param options `lifetime`, whole seconds from 2 to 300, default 60: how long a stolen token can be used.
 * @throws RagwallError `INVALID_OPTION`.
 * @see `ragwall.add_signing_key()` and `ragwall.set_tenant_from_token()` in db/migrations/committed
 * @example
 * const signer = tokenSigner(process.env.RAGWALL_SIGNING_KEY);
 * const acme = forTenant(sql, 'acme', { signer });
 */
export function tokenSigner(jwk: string | undefined, options: { readonly lifetime?: number } = {}): TokenSigner {
  const { lifetime = 60 } = checkOptions(options, ['lifetime']);
  const parsed = parseKey(jwk ?? '');
  if (!parsed) {
    throw new RagwallError(
      'INVALID_OPTION',
      'A signing key is expected as ragwall.add_signing_key() returned it: a JSON Web Key with kty, alg, kid, aud and k.',
    );
  }
  checkIntegerOption('lifetime', lifetime, 2, 300);
  const { kid, aud } = parsed;
  const key = createSecretKey(parsed.bytes);
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
    if (kept.size > maxKept) kept.delete(kept.keys().next().value as string);
    return current.token;
  };
}
