/** The verifier of tokens that `ragwall serve` makes of its environment. No value gets into an error: some are secrets. */
import { createPublicKey } from 'node:crypto';
import { type TokenVerifier, tokenVerifier } from './verify.js';

/** The variables that `ragwall serve --help` lists. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error that names the variable, and says what was expected, if it is not set. */
export function required(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is expected: ${what}; see --help`);
  return value;
}

export const listOf = (text: string) => text.split(',').map((part) => part.trim());

/**
 * Returns the verifier of tokens that the environment configures.
 *
 * @throws Error that names the variable that is missing or cannot be read; RagwallError `INVALID_OPTION`.
 */
export function verifierOf(env: Environment): TokenVerifier {
  const { RAGWALL_JWKS_URL: jwks, RAGWALL_JWT_PUBLIC_KEY: pem, RAGWALL_JWT_SECRET: secret } = env;
  if ([jwks, pem, secret].filter(Boolean).length !== 1) {
    throw new Error('one of RAGWALL_JWKS_URL, RAGWALL_JWT_PUBLIC_KEY and RAGWALL_JWT_SECRET is expected; see --help');
  }
  const keys = () => {
    try {
      return jwks ? new URL(jwks) : pem ? createPublicKey(pem) : Buffer.from(secret ?? '');
    } catch {
      throw new Error(`${jwks ? 'RAGWALL_JWKS_URL' : 'RAGWALL_JWT_PUBLIC_KEY'} cannot be read`);
    }
  };
  const claim = env.RAGWALL_TENANT_CLAIM;
  const scope = env.RAGWALL_JWT_SCOPE;
  const insteadOfAud = env.RAGWALL_JWT_AUDIENCE_CLAIM;
  const issuer = listOf(required(env, 'RAGWALL_JWT_ISSUER', 'the iss of every token'));
  const audience = listOf(required(env, 'RAGWALL_JWT_AUDIENCE', 'the aud of every token'));
  return tokenVerifier({
    keys: keys(),
    algorithms: listOf(env.RAGWALL_JWT_ALGORITHMS || (secret ? 'HS256' : 'RS256')),
    issuer,
    audience: insteadOfAud ? { claim: insteadOfAud, is: audience } : audience,
    ...(claim && { claim }),
    ...(scope && { scope }),
  });
}
