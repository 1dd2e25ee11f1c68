/** Makes tokens for set_tenant_from_token() by a key of its own: a valid one, and some that must not be accepted. */
import { createHmac, randomBytes } from 'node:crypto';
import type { TransactionSql } from 'postgres';
import { undone } from './savepoint.js';

export interface Tokens {
  readonly valid: string;
  /** By what is wrong, in words. */
  readonly invalid: Readonly<Record<string, string>>;
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Adds a signing key, which is rolled back with the transaction, and signs tokens for a tenant.
 *
 * @returns undefined where Ragwall is not installed, or adds no key.
 */
export async function makeTokens(tx: TransactionSql, tenant: string): Promise<Tokens | undefined> {
  const [there] = await tx<{ there: boolean }[]>`
    select pg_catalog.to_regprocedure('ragwall.add_signing_key(text)') is not null as there`;
  if (!there?.there) return undefined;
  const kid = `ragwall-probe-${randomBytes(8).toString('hex')}`;
  // A call that fails must not end the transaction, so it is tried first.
  const works = await undone(tx, (inner) => inner`select ragwall.add_signing_key(${kid})`).then(
    () => true,
    () => false,
  );
  if (!works) return undefined;
  const [added] = await tx<{ jwk: string; at: number }[]>`
    select ragwall.add_signing_key(${kid}) as jwk,
      extract(epoch from pg_catalog.clock_timestamp())::double precision as at`;
  if (!added) return undefined;
  const { aud, k } = JSON.parse(added.jwk) as { aud: string; k: string };
  const iat = Math.floor(added.at);
  const claims = { tenant_id: tenant, aud, iat, exp: iat + 240 };
  const header = { alg: 'HS256', kid };
  const sign = (payload: object, key = Buffer.from(k, 'base64url')) => {
    const signed = `${encode(header)}.${encode(payload)}`;
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  };
  const valid = sign(claims);
  const [head, , signature] = sign({ ...claims, tenant_id: `${tenant}x` }).split('.');
  return {
    valid,
    invalid: {
      'a token without a signature': `${encode({ alg: 'none', kid })}.${encode(claims)}.`,
      'a token whose tenant was altered': `${head}.${encode(claims)}.${signature}`,
      'a token that was signed by another key': sign(claims, randomBytes(32)),
      'a token that has expired': sign({ ...claims, iat: iat - 200, exp: iat - 100 }),
      'a token for another audience': sign({ ...claims, aud: `${aud}-other` }),
      'the name of the tenant': tenant,
    },
  };
}
