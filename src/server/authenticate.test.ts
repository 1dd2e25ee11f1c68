/** Without one bearer token that names a tenant nobody gets a tenant's handle. */
import { connect } from 'ragwall';
import { describe, expect, it } from 'vitest';
import { authenticate } from './authenticate.js';

const ragwall = connect('postgres://127.0.0.1:1/none'); // opens nothing
const handleOf = (tenantId: string) => ragwall.forTenant(tenantId);

/** A verifier for which a token is its tenant, and the tokens that it was given. */
function verifier() {
  const given: string[] = [];
  const verify = async (token: string) => {
    given.push(token);
    return token;
  };
  return { given, verify };
}

it('returns the handle of the tenant that the token names', async () => {
  const { verify } = verifier();
  const headers = new Headers({ authorization: 'bearer  acme', 'x-tenant-id': 'globex' });
  expect((await authenticate(headers, verify, handleOf)).tenantId).toBe('acme');
});

describe('refuses with the same problem, and verifies nothing,', () => {
  it.each<[string, Record<string, string>]>([
    ['no header', {}],
    ['an empty one', { authorization: '' }],
    ['no token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Basic Zm9yLWFjbWU6' }],
    ['two tokens', { authorization: 'Bearer for-acme, Bearer for-globex' }],
    ['a token of 9 KB', { authorization: `Bearer ${'a'.repeat(9_000)}` }],
    ['a tenant in a header', { 'x-tenant-id': 'acme', 'x-tenant': 'acme', tenant_id: 'acme' }],
    ['a cookie', { cookie: 'token=acme' }],
  ])('%s', async (_, headers) => {
    const { given, verify } = verifier();
    const error = await authenticate(new Headers(headers), verify, handleOf).catch((error) => error);
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', message: 'A valid token is required' });
    expect(error.more.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(given).toEqual([]);
  });
});

it.each(['', 'a b', undefined, null, 7, ['acme']])(
  'refuses a token for which the verifier returns %j',
  async (tenant) => {
    const headers = new Headers({ authorization: 'Bearer x' });
    await expect(authenticate(headers, async () => tenant as string, handleOf)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  },
);
