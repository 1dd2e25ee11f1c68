/** A token is accepted if every check holds, and refused in one and the same way if any does not. */
import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerifierOptions } from './verifier-options.js';
import { tokenVerifier } from './verify.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const secret = Buffer.alloc(32, 7);
const pem = publicKey.export({ type: 'spki', format: 'pem' });

const published = createServer(async (request, response) => {
  if (request.url === '/broken') response.writeHead(500).end();
  else response.end(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] }));
});
let jwks: URL;
beforeAll(async () => {
  await new Promise<void>((done) => published.listen(0, '127.0.0.1', done));
  jwks = new URL(`http://127.0.0.1:${(published.address() as AddressInfo).port}/jwks`);
});
afterAll(() => new Promise((done) => published.close(done)));

const expected = { algorithms: ['RS256'], issuer: 'https://login', audience: 'knowledge' };

interface Signing {
  readonly key?: KeyObject;
  readonly header?: { alg: string; kid?: string; [name: string]: unknown };
  readonly claims?: Record<string, unknown>;
}

const now = () => Math.floor(Date.now() / 1_000);

/** A token that is right but for what is given; a claim of undefined is left out. */
function token({ key = privateKey, header = { alg: 'RS256', kid: 'one' }, claims = {} }: Signing = {}) {
  const right = { tenant_id: 'acme', iss: 'https://login', aud: 'knowledge', exp: now() + 60 };
  return new SignJWT({ ...right, ...claims }).setProtectedHeader(header).sign(key);
}

const verifiers: Record<string, () => VerifierOptions> = {
  'keys that are published': () => ({ ...expected, keys: jwks }),
  'a public key': () => ({ ...expected, keys: createPublicKey(pem) }),
};

describe.each(Object.keys(verifiers))('by %s', (name) => {
  const verify = (text: string, more: Partial<VerifierOptions> = {}) =>
    tokenVerifier({ ...(verifiers[name] as () => VerifierOptions)(), ...more })(text);

  it('returns the tenant that a valid token names', async () => {
    expect(await verify(await token())).toBe('acme');
    expect(await verify(await token({ claims: { aud: ['other', 'knowledge'] } }))).toBe('acme');
    expect(await verify(await token({ claims: { exp: now() - 2 } }))).toBe('acme'); // clocks may differ
  });

  it.each<[string, Signing]>([
    ['of another key', { key: other.privateKey }],
    ['of another issuer', { claims: { iss: 'https://evil' } }],
    ['of no issuer', { claims: { iss: undefined } }],
    ['for another audience', { claims: { aud: 'billing' } }],
    ['for no audience', { claims: { aud: undefined } }],
    ['that has expired', { claims: { exp: now() - 10 } }],
    ['that never expires', { claims: { exp: undefined } }],
    ['that is not valid yet', { claims: { nbf: now() + 60 } }],
    ['by an algorithm that is not accepted', { header: { alg: 'PS256', kid: 'one' } }],
    [
      'by a secret that is the public key',
      { key: createSecretKey(Buffer.from(pem)), header: { alg: 'HS256', kid: 'one' } },
    ],
    ['without a tenant', { claims: { tenant_id: undefined } }],
    ['with an empty tenant', { claims: { tenant_id: '' } }],
    ['with a tenant of null', { claims: { tenant_id: null } }],
    ['with several tenants', { claims: { tenant_id: ['acme', 'globex'] } }],
    ['with a tenant that is a number', { claims: { tenant_id: 7 } }],
    ['with a space in its tenant', { claims: { tenant_id: 'ac me' } }],
    ['with a tenant of 129 characters', { claims: { tenant_id: 'a'.repeat(129) } }],
    ['with a tenant in another script', { claims: { tenant_id: 'аcme' } }],
  ])('refuses one %s', async (_, signing) => {
    const text = await token(signing).catch(() => expect.fail('the test’s own token'));
    await expect(verify(text)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      status: 401,
      message: 'A valid token is required',
    });
  });

  it('refuses one that is unsigned, altered, cut, or none', async () => {
    const [header, payload, signature] = (await token()).split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const globex = Buffer.from(
      JSON.stringify({ tenant_id: 'globex', iss: 'https://login', aud: 'knowledge', exp: now() + 60 }),
    ).toString('base64url');
    const flipped = (text: string, at: number) =>
      `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    for (const text of [
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${globex}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${payload}.${flipped(signature, 10)}`,
      `${flipped(header, 5)}.${payload}.${signature}`,
      `${header}.${flipped(payload, 5)}.${signature}`,
      '',
      '..',
      'null',
      '{}',
    ])
      await expect(verify(text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('finds the tenant under another name, or deeper, and nowhere else', async () => {
    const claims = { tenant_id: undefined, 'https://x/tenant': 'globex', app_metadata: { org: 'initech' } };
    const text = await token({ claims });
    expect(await verify(text, { claim: 'https://x/tenant' })).toBe('globex');
    expect(await verify(text, { claim: '/app_metadata/org' })).toBe('initech');
    for (const claim of [
      'tenant_id',
      '/app_metadata',
      '/app_metadata/org/length',
      '/constructor/name',
      'app_metadata.org',
    ]) {
      await expect(verify(text, { claim })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});

it('takes a token for another curve than the key’s for the token’s fault', async () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const forged = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const verify = tokenVerifier({ ...expected, keys: keys.publicKey, algorithms: ['ES256', 'ES384'] });
  expect(await verify(await token({ key: keys.privateKey, header: { alg: 'ES256' } }))).toBe('acme');
  await expect(verify(await token({ key: forged, header: { alg: 'ES384' } }))).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
});

it('verifies by a secret', async () => {
  const verify = tokenVerifier({ ...expected, keys: secret, algorithms: ['HS256'] });
  expect(await verify(await token({ key: createSecretKey(secret), header: { alg: 'HS256' } }))).toBe('acme');
  await expect(verify(await token())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

it('refuses a key of another name, and says so if keys cannot be had', async () => {
  const unknown = await token({ header: { alg: 'RS256', kid: 'two' } });
  await expect(tokenVerifier({ ...expected, keys: jwks })(unknown)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  for (const keys of [new URL('/broken', jwks), new URL('http://127.0.0.1:1/jwks')]) {
    await expect(tokenVerifier({ ...expected, keys })(await token())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      status: 503,
    });
  }
});

it.each<[string, Partial<VerifierOptions>]>([
  ['no algorithm', { algorithms: [] }],
  ['none', { algorithms: ['none'] }],
  ['a secret’s algorithm for a public key', { algorithms: ['RS256', 'HS256'] }],
  ['a public key’s algorithm for a secret', { keys: secret }],
  ['a short secret', { keys: Buffer.alloc(31), algorithms: ['HS256'] }],
  ['keys that anybody on the way can change', { keys: new URL('http://login.example.com/jwks') }],
  ['a short secret as a JWK', { keys: { kty: 'oct', k: 'YQ' }, algorithms: ['HS256'] }],
  ['a short secret as a key', { keys: createSecretKey(Buffer.from('a')), algorithms: ['HS256'] }],
  ['a private key', { keys: privateKey }],
  ['no issuer', { issuer: '' }],
  ['no audience', { audience: undefined as never }],
  ['no claim', { claim: '' }],
  ['clocks that differ by an hour', { clockTolerance: 3600 }],
])('is not made with %s', (_, options) => {
  expect(() => tokenVerifier({ ...expected, keys: publicKey, ...options })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  );
});
