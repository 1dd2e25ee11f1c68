/** Without one bearer token that names a tenant nobody gets a tenant's handle. */
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { connect, lexicalEmbedder } from 'ragwall';
import { describe, expect, it } from 'vitest';
import { createServer } from './app.js';
import { authenticate } from './authenticate.js';
import type { LogEntry } from './request-log.js';
import { tokenVerifier } from './verify.js';

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

describe('whichever check fails', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = Math.floor(Date.now() / 1_000);
  const right = { iss: 'https://login', client_id: 'knowledge', tid: 'secret-tenant', exp: now + 60 };
  const entries: LogEntry[] = [];
  const { fetch } = createServer({
    ragwall,
    verify: tokenVerifier({
      keys: publicKey,
      algorithms: ['RS256'],
      issuer: 'https://login',
      audience: { claim: 'client_id', is: 'knowledge' },
      claim: 'tid',
    }),
    embedder: lexicalEmbedder({ dimensions: 3 }),
    rateLimiter: false,
    log: (entry) => void entries.push(entry),
  });
  const ask = async (authorization: string) => {
    const response = await fetch(
      new Request('http://localhost/documents/query', { method: 'POST', headers: { authorization } }),
    );
    const { requestId, ...body } = (await response.json()) as Record<string, unknown>;
    const headers = [...response.headers].filter(([name]) => name !== 'x-request-id');
    return { status: response.status, headers, body };
  };
  const token = (claims: object, alg = 'RS256') =>
    new SignJWT({ ...right, ...claims }).setProtectedHeader({ alg }).sign(privateKey);
  const forged = async () => `${(await token({})).slice(0, -8)}AAAAAAAA`;

  it('the caller gets the same answer, and the log says which, and nothing of the token', async () => {
    const reasons: [string, string | Promise<string>][] = [
      ['JWTClaimValidationFailed iss: unexpected value', token({ iss: 'https://secret-issuer' })],
      ['JWTClaimValidationFailed iss: missing', token({ iss: undefined })],
      ['JWTExpired exp', token({ exp: now - 60 })],
      ['JWTClaimValidationFailed exp: missing', token({ exp: undefined })],
      ['JWTClaimValidationFailed exp: invalid', token({ exp: 'secret-time' })],
      ['JWTClaimValidationFailed nbf: unexpected value', token({ nbf: now + 60 })],
      ['aud: not expected', token({ aud: 'secret-audience' })],
      ['no claim client_id', token({ client_id: undefined })],
      ['client_id: unexpected value', token({ client_id: 'secret-client' })],
      ['client_id: unexpected value', token({ client_id: ['knowledge', 'secret-client'] })],
      ['no claim tid', token({ tid: undefined })],
      ['claim tid is no tenant id', token({ tid: 'secret tenant' })],
      ['claim tid is no tenant id', token({ tid: 42 })],
      ['JOSEAlgNotAllowed', token({}, 'PS256')],
      ['JWSSignatureVerificationFailed', forged()],
      ['JWSInvalid', 'secret-of-another-kind'],
      ['no bearer token', 'secret of another kind'],
    ];
    const answers = [];
    for (const [, text] of reasons) answers.push(await ask(`Bearer ${await text}`));
    expect(answers[0]).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(entries.map(({ cause }) => cause)).toEqual(reasons.map(([reason]) => reason));
    expect(JSON.stringify(entries)).not.toMatch(/secret|eyJ/);
  });
});
