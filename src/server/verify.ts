/** Verifies JSON Web Tokens and reads the tenant in them, the only source of the tenant of a request. */
import type { KeyObject } from 'node:crypto';
import { createRemoteJWKSet, errors, type JWK, type JWTPayload, jwtVerify } from 'jose';
import { RagwallError } from 'ragwall';
import { checkOptions } from './options.js';
import { Problem } from './problem.js';

/**
 * Returns the tenant that a token names. Rejects with a `Problem`: `UNAUTHENTICATED` if the token is not valid,
 * `UNAVAILABLE` if the keys to verify it cannot be fetched.
 */
export type TokenVerifier = (token: string) => Promise<string>;

/** Options of {@link tokenVerifier}. Those without a default are required, because without one a check would be missing. */
export interface VerifierOptions {
  /** The URL of the issuer's JSON Web Key Set (HTTPS, or HTTP on this machine), or one public key, or a secret of 32 bytes or more. */
  readonly keys: URL | KeyObject | JWK | Uint8Array;
  /** The algorithms that are accepted, as `['RS256']`: those of public keys, or with a secret those of secrets (`HS256`). */
  readonly algorithms: readonly string[];
  /** The `iss` of every token. */
  readonly issuer: string;
  /** The `aud` of every token: this service. */
  readonly audience: string;
  /** The claim that names the tenant, default `tenant_id`. If it begins with `/`, it is a JSON pointer, as `/app_metadata/tenant`. */
  readonly claim?: string;
  /** Seconds by which clocks may differ, 0 to 60; default 5. */
  readonly clockTolerance?: number;
}

const asymmetric = /^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/;
const symmetric = /^HS(256|384|512)$/;

function invalid(message: string): RagwallError {
  return new RagwallError('INVALID_OPTION', message);
}

/** What `forTenant` accepts as a tenant id. */
const tenantId = /^[!-~]{1,128}$/;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function checked(options: VerifierOptions) {
  checkOptions(options, ['keys', 'algorithms', 'issuer', 'audience', 'claim', 'clockTolerance']);
  const { keys, algorithms, issuer, audience, claim = 'tenant_id', clockTolerance = 5 } = options;
  if (typeof keys !== 'object' || keys === null) {
    throw invalid('keys are expected to be a URL, a KeyObject, a JWK or bytes.');
  }
  const secret =
    keys instanceof Uint8Array || (keys as Partial<KeyObject>).type === 'secret' || (keys as JWK).kty === 'oct';
  if (!Array.isArray(algorithms) || algorithms.length === 0) throw invalid('algorithms is expected to be a list.');
  if (!algorithms.every((name) => (secret ? symmetric : asymmetric).test(name))) {
    throw invalid(
      secret
        ? 'With a secret, algorithms are expected to be of HS256, HS384, HS512.'
        : 'With public keys, algorithms are expected to be of RS256, PS256, ES256, EdDSA and the like.',
    );
  }
  const { type, symmetricKeySize } = keys as Partial<KeyObject>;
  const { k = '', d } = keys as JWK;
  const bytes = keys instanceof Uint8Array ? keys.length : (symmetricKeySize ?? Buffer.from(k, 'base64url').length);
  if (secret && bytes < 32) throw invalid('A secret is expected to have 32 bytes or more.');
  if (type === 'private' || d !== undefined) throw invalid('A public key is expected, not the private one.');
  const local = keys instanceof URL && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(keys.hostname);
  if (keys instanceof URL && keys.protocol !== 'https:' && !(local && keys.protocol === 'http:')) {
    throw invalid('keys are expected to be published by HTTPS.');
  }
  if (!isText(issuer) || !isText(audience)) throw invalid('issuer and audience are expected.');
  if (!isText(claim)) throw invalid('claim is expected to be the name of a claim.');
  if (!(clockTolerance >= 0 && clockTolerance <= 60)) {
    throw invalid('clockTolerance is expected to be 0 to 60 seconds.');
  }
  return { keys, algorithms, issuer, audience, claim, clockTolerance };
}

/** Returns the payload's own value at a claim's name or at a JSON pointer, or undefined. */
function claimed(payload: JWTPayload, claim: string): unknown {
  const path = claim.startsWith('/')
    ? claim
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [claim];
  let value: unknown = payload;
  for (const step of path) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string, unknown>)[step]
        : undefined;
  }
  return value;
}

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

/**
 * Returns a verifier of tokens. It checks signature, algorithm, issuer, audience, `exp` (required) and `nbf`, and that the
 * tenant is 1 to 128 printable ASCII characters without spaces. Whichever check fails, the problem is the same. It
 * rejects with `UNAVAILABLE` if the issuer's keys cannot be fetched, for which it waits 5 seconds.
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
  const { keys, claim, ...expected } = checked(options);
  const rules = { ...expected, algorithms: [...expected.algorithms], requiredClaims: ['exp'] };
  const published = keys instanceof URL ? createRemoteJWKSet(keys, { timeoutDuration: 5_000 }) : undefined;
  return async (token) => {
    let payload: JWTPayload;
    try {
      ({ payload } = published
        ? await jwtVerify(token, published, rules)
        : await jwtVerify(token, keys as Exclude<typeof keys, URL>, rules));
    } catch (cause) {
      // Where no keys are fetched, every error is due to the token.
      if (!published || tokenErrors.some((kind) => cause instanceof kind)) throw unauthenticated(cause);
      throw new Problem('UNAVAILABLE', undefined, { cause, headers: { 'retry-after': '5' } });
    }
    const tenant = claimed(payload, claim);
    if (typeof tenant !== 'string' || !tenantId.test(tenant)) throw unauthenticated('no tenant');
    return tenant;
  };
}

/** Returns the one problem for every token that is refused: a caller learns only that another token is needed. */
export function unauthenticated(cause?: unknown): Problem {
  const challenge = cause === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
  return new Problem('UNAUTHENTICATED', undefined, {
    cause,
    headers: { 'www-authenticate': challenge },
  });
}
