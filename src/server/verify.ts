/** Verifies JSON Web Tokens and reads the tenant in them, the only source of the tenant of a request. */
import { createRemoteJWKSet, errors, type JWK, type JWTPayload, jwtVerify } from 'jose';
import { Problem } from './problem.js';
import { checkedVerifier, claimed, type VerifierOptions } from './verifier-options.js';

/**
 * Returns the tenant that a token names. Rejects with a `Problem`: `UNAUTHENTICATED` if the token is not valid,
 * `INSUFFICIENT_SCOPE` if it lacks the scope that is asked for, `UNAVAILABLE` if the keys to verify it cannot be fetched.
 */
export type TokenVerifier = (token: string) => Promise<string>;

/** Why a token was refused, as the log has it: checks and names of claims, and no value of the token. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
}

/** What `forTenant` accepts as a tenant id. */
const tenantId = /^[!-~]{1,128}$/;

/** Errors that are due to the token, and not to the server that publishes the keys. */
const tokenErrors = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

const reasons = { missing: 'missing', check_failed: 'unexpected value' } as Readonly<Record<string, string>>;

/** Returns why jose refused a token. Its messages are not used, because some of them quote the token. */
function faultOfError(error: unknown): string {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  if (error instanceof errors.JWTExpired) return `${name} ${error.claim}`;
  if (!(error instanceof errors.JWTClaimValidationFailed)) return name;
  return `${name} ${error.claim}: ${reasons[error.reason] ?? 'invalid'}`;
}

/**
 * Whether a key may sign for an issuer. Microsoft publishes with each key whose tokens it signs, as `issuer`; without
 * this check a key for personal accounts would do for those of every company.
 */
function mayBeOf(key: JWK | undefined, { iss, tid }: JWTPayload): boolean {
  const { issuer } = Object(key) as { issuer?: unknown };
  return typeof issuer !== 'string' || issuer.replace('{tenantid}', () => String(tid)) === iss;
}

/** Returns the scopes of a token: `scope` of RFC 9068, or `scp`, which may be a list. */
const scopesOf = ({ scope, scp }: JWTPayload): unknown[] =>
  [scope, scp].flatMap((names) => (typeof names === 'string' ? names.split(' ') : Array.isArray(names) ? names : []));

const insufficient = (scope: string) =>
  new Problem('INSUFFICIENT_SCOPE', undefined, {
    cause: new TokenFault('scope: not sufficient'),
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });

/**
 * Returns a verifier of tokens. It checks signature, algorithm, issuer, audience, `exp` (required) and `nbf`, and that the
 * tenant is 1 to 128 printable ASCII characters without spaces. Whichever check fails, the problem is the same, but
 * `INSUFFICIENT_SCOPE` for a token that lacks the scope alone. It rejects with `UNAVAILABLE` if the issuer's keys cannot be fetched, for which it waits 5 seconds.
 *
 * @throws RagwallError `INVALID_OPTION`.
 * @example
 * const verify = tokenVerifier({
 *   keys: new URL('https://login.example.com/.well-known/jwks.json'),
 *   algorithms: ['RS256'],
 *   issuer: 'https://login.example.com/',
 *   audience: 'knowledge',
 * });
 */
export function tokenVerifier(options: VerifierOptions): TokenVerifier {
  const { keys, claim, scope, faultOf, rules } = checkedVerifier(options);
  const published = keys instanceof URL ? createRemoteJWKSet(keys, { timeoutDuration: 5_000 }) : undefined;
  return async (token) => {
    let payload: JWTPayload;
    let kid: string | undefined;
    try {
      const verified = published
        ? await jwtVerify(token, published, rules)
        : await jwtVerify(token, keys as Exclude<typeof keys, URL>, rules);
      payload = verified.payload;
      kid = verified.protectedHeader.kid;
    } catch (cause) {
      // Where no keys are fetched, every error is due to the token.
      if (!published || tokenErrors.some((kind) => cause instanceof kind)) throw unauthenticated(faultOfError(cause));
      throw new Problem('UNAVAILABLE', undefined, { cause, headers: { 'retry-after': '5' } });
    }
    const fault = faultOf(payload);
    if (fault !== undefined) throw unauthenticated(fault);
    const key = published?.jwks()?.keys.find((each) => each.kid === kid);
    if (!mayBeOf(key, payload)) throw unauthenticated('iss: not the issuer of the key');
    if (scope !== undefined && !scopesOf(payload).includes(scope)) throw insufficient(scope);
    const tenant = claimed(payload, claim);
    if (tenant === undefined) throw unauthenticated(`no claim ${claim}`);
    if (typeof tenant !== 'string' || !tenantId.test(tenant)) throw unauthenticated(`claim ${claim} is no tenant id`);
    return tenant;
  };
}

/**
 * Returns the one problem for every token that is refused: a caller learns only that another token is needed.
 *
 * @param fault why, for the log; without one there was no token.
 */
export function unauthenticated(fault?: string): Problem {
  const challenge = fault === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
  return new Problem('UNAUTHENTICATED', undefined, {
    ...(fault !== undefined && { cause: new TokenFault(fault) }),
    headers: { 'www-authenticate': challenge },
  });
}
