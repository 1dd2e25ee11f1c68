/** The options of a verifier of tokens: which keys, issuers and audiences are accepted, and which claim is the tenant. */
import type { KeyObject } from 'node:crypto';
import type { JWK, JWTPayload } from 'jose';
import { RagwallError } from 'ragwall';
import { checkOptions } from './options.js';

/** One value, or a list of which one is expected. */
type OneOf = string | readonly string[];

/** Options of `tokenVerifier`. Those without a default are required, because without one a check would be missing. */
export interface VerifierOptions {
  /** The URL of the issuer's JSON Web Key Set (HTTPS, or HTTP on this machine), or one public key, or a secret of 32 bytes or more. */
  readonly keys: URL | KeyObject | JWK | Uint8Array;
  /** The algorithms that are accepted, as `['RS256']`: those of public keys, or with a secret those of secrets (`HS256`). */
  readonly algorithms: readonly string[];
  /**
   * The `iss` of every token, or a list of which it is one. A name in braces stands for the token's own claim, as in
   * `https://login.microsoftonline.com/{tid}/v2.0`. `claim` has to be the same one then, so that no issuer can name
   * another's tenant. All issuers sign with `keys`: for other keys make another verifier.
   */
  readonly issuer: OneOf;
  /**
   * The `aud` of every token, this service, or a list of which it is one. For tokens that have no `aud`: the claim that
   * takes its place, by name or JSON pointer, and its value, as `{ claim: 'client_id', is: '5bsjlins3936' }`. A token
   * that has an `aud` is refused then.
   */
  readonly audience: OneOf | { readonly claim: string; readonly is: OneOf };
  /**
   * The claim that names the tenant, default `tenant_id`. If it begins with `/`, it is a JSON pointer, as
   * `/app_metadata/tenant_id`. It has to be one that users cannot write; `user_metadata` is refused.
   */
  readonly claim?: string;
  /** A scope that every token must have, in its claim `scope` (separated by spaces) or `scp`. Default: none is asked for. */
  readonly scope?: string;
  /** Seconds by which clocks may differ, 0 to 60; default 5. */
  readonly clockTolerance?: number;
}

/** Returns the payload's own value at a claim's name or at a JSON pointer, or undefined. */
export function claimed(payload: JWTPayload, claim: string): unknown {
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

const asymmetric = /^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/;
const symmetric = /^HS(256|384|512)$/;

function invalid(message: string): RagwallError {
  return new RagwallError('INVALID_OPTION', message);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Returns the values that are expected, or undefined if they are not one text or a list of them. */
function textsOf(value: unknown): string[] | undefined {
  const texts = Array.isArray(value) ? value : [value];
  return texts.length > 0 && texts.every(isText) ? [...texts] : undefined;
}

/** Claims that their user can write, at Supabase, Auth0 and Clerk. */
const ofUsers = /^\/?(user_metadata|raw_user_meta_data|unsafe_metadata|unsafeMetadata)(\/|$)/;

/** An issuer with a claim's name in its path, and what the claim may be there. */
const template = /^(https:\/\/[^/{}]+\/[^{}]*)\{(\w+)\}([^{}]*)$/;
const inTemplate = /^[\w-]{1,128}$/;

/** Returns the checks of `iss` and of `aud` that an option asks for. */
function identityOf({ issuer, audience, claim = 'tenant_id' }: VerifierOptions) {
  const issuers = textsOf(issuer);
  if (!issuers) throw invalid('issuer is expected to be the iss of every token, or a list of which it is one.');
  const [, before = '', name, after = ''] = template.exec(issuers.length === 1 ? (issuers[0] ?? '') : '') ?? [];
  if (name === undefined && issuers.some((text) => /[{}]/.test(text))) {
    throw invalid(
      'An issuer with {claim} is expected alone, as https://login.example.com/{claim}/ with one pair of braces.',
    );
  }
  if (name !== undefined && claim !== name) {
    throw invalid(`claim is expected to be ${name}, as in issuer, or one issuer could name the tenant of another.`);
  }
  const instead = typeof audience === 'object' && !Array.isArray(audience) ? audience : undefined;
  if (instead) checkOptions(instead, ['claim', 'is'], 'audience');
  const is = textsOf(instead ? (instead as { is: OneOf }).is : audience);
  const insteadOfAud = (instead as { claim?: unknown } | undefined)?.claim;
  if (!is || (instead && !isText(insteadOfAud))) {
    throw invalid('audience is expected to be the aud of every token, a list of which it is one, or { claim, is }.');
  }
  if (insteadOfAud === 'aud') throw invalid('audience.claim is expected to be another claim than aud.');
  return {
    rules: { ...(name === undefined && { issuer: issuers }), ...(!instead && { audience: is }) },
    /** Returns the fault of a payload whose signature is right, in what `rules` cannot say. */
    faultOf(payload: JWTPayload): string | undefined {
      if (name !== undefined) {
        const value = payload[name];
        if (typeof value !== 'string' || !inTemplate.test(value)) return `no claim ${name} for iss`;
        if (payload.iss !== `${before}${value}${after}`) return `iss: not of the claim ${name}`;
      }
      if (!isText(insteadOfAud)) return undefined;
      if (payload.aud !== undefined) return 'aud: not expected';
      const found = claimed(payload, insteadOfAud);
      if (found === undefined) return `no claim ${insteadOfAud}`;
      return is.includes(found as string) ? undefined : `${insteadOfAud}: unexpected value`;
    },
  };
}

/**
 * Returns the options with their defaults, as checks.
 *
 * @throws RagwallError `INVALID_OPTION`.
 */
export function checkedVerifier(options: VerifierOptions) {
  checkOptions(options, ['keys', 'algorithms', 'issuer', 'audience', 'claim', 'scope', 'clockTolerance']);
  const { keys, algorithms, claim = 'tenant_id', scope, clockTolerance = 5 } = options;
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
  if (!isText(claim)) throw invalid('claim is expected to be the name of a claim.');
  if (ofUsers.test(claim)) throw invalid('claim is expected to be one that users cannot write, as app_metadata is.');
  if (scope !== undefined && !/^[!#-[\]-~]{1,200}$/.test(scope)) {
    throw invalid('scope is expected to be the name of one scope.');
  }
  if (!(clockTolerance >= 0 && clockTolerance <= 60)) {
    throw invalid('clockTolerance is expected to be 0 to 60 seconds.');
  }
  const { rules, faultOf } = identityOf(options);
  return {
    keys,
    claim,
    scope,
    faultOf,
    rules: { ...rules, algorithms: [...algorithms], clockTolerance, requiredClaims: ['exp'] },
  };
}
