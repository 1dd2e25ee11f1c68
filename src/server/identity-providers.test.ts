/** Each recipe of docs/identity-providers.md accepts a token as its provider issues it, and refuses it for every claim that is wrong. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../../scripts/docs/blocks.js';
import { type Environment, verifierOf } from './verifier-env.js';
import { tokenVerifier } from './verify.js';

const page = 'docs/identity-providers.md';
const recipes = blocksOf(page, readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8'))
  .filter(({ comments }) => comments['run by'])
  .map(
    ({ code }): Environment =>
      Object.fromEntries([...code.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value])),
  );

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let keys: JWK[] = [];
const published = createServer((_, response) => response.end(JSON.stringify({ keys })));
let jwks = '';
beforeAll(async () => {
  await new Promise<void>((done) => published.listen(0, '127.0.0.1', done));
  jwks = `http://127.0.0.1:${(published.address() as AddressInfo).port}/jwks`;
});
afterAll(() => new Promise((done) => published.close(done)));

const now = Math.floor(Date.now() / 1_000);
const times = { iat: now, nbf: now, exp: now + 60 };
const directory = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const other = '11111111-1111-4111-8111-111111111111';

type Claims = Readonly<Record<string, unknown>>;

/** The claims that a provider's documentation shows, the tenant in them, and what a token of another tenant or of none differs in. */
const providers: Record<string, { claims: Claims; tenant: string; none: Claims; forOthers: Claims; header?: Claims }> =
  {
    Auth0: {
      claims: {
        iss: 'https://acme-app.us.auth0.com/',
        sub: 'auth0|602c0dcab993d10073daf680',
        aud: ['https://knowledge.example.com', 'https://acme-app.us.auth0.com/userinfo'],
        azp: 'ENDmmAJsbwI1hOG1KPJddQ8LHjV6kLkV',
        scope: 'openid profile email',
        org_id: 'org_9ybsU1dN2dKfDkBi',
      },
      tenant: 'org_9ybsU1dN2dKfDkBi',
      none: { org_id: undefined },
      forOthers: { aud: ['https://billing.example.com', 'https://acme-app.us.auth0.com/userinfo'] },
    },
    Clerk: {
      claims: {
        iss: 'https://clerk.example.com',
        azp: 'https://app.example.com',
        fva: [7, -1],
        jti: 'dbeee8d3c5d5c5c0c6a0',
        o: { id: 'org_123', rol: 'admin', slg: 'acme' },
        sid: 'sess_123',
        sts: 'active',
        sub: 'user_123',
        v: 2,
      },
      tenant: 'org_123',
      none: { o: undefined },
      forOthers: { azp: 'https://other.example.com' },
    },
    Cognito: {
      claims: {
        sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
        iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example',
        version: 2,
        client_id: '5bsjlins3936example',
        origin_jti: 'aaaaaaaa-bbbb-cccc-dddd-ffffffffffff',
        token_use: 'access',
        scope: 'phone openid profile email',
        auth_time: now,
        jti: 'aaaaaaaa-bbbb-cccc-dddd-000000000000',
        username: 'my-test-user',
        tenant_id: 'acme',
      },
      tenant: 'acme',
      none: { tenant_id: undefined },
      forOthers: { client_id: 'anotherclient' },
    },
    Entra: {
      claims: {
        aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
        iss: `https://login.microsoftonline.com/${directory}/v2.0`,
        azp: '6e74172b-be56-4843-9ff4-e66a39bb12e4',
        azpacr: '0',
        name: 'Abe Lincoln',
        oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
        scp: 'access_as_user',
        sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
        tid: directory,
        ver: '2.0',
      },
      tenant: directory,
      none: { tid: undefined },
      forOthers: { aud: '00000003-0000-0000-c000-000000000000' },
    },
    Keycloak: {
      claims: {
        jti: '0a4b0e0c-2a7f-4f0e-9f39-2f6c0c3b5c11',
        iss: 'https://login.example.com/realms/app',
        aud: ['knowledge', 'account'],
        sub: '2a7c4a32-9d3a-4f5e-8c8f-7a1b7a7a7a7a',
        typ: 'Bearer',
        azp: 'web',
        sid: '5e9f0c9b-3f9f-4a29-8f65-0b0b0b0b0b0b',
        realm_access: { roles: ['offline_access'] },
        resource_access: { account: { roles: ['manage-account'] } },
        scope: 'openid organization:acme profile email',
        organization: ['acme'],
      },
      tenant: 'acme',
      none: { organization: [] },
      forOthers: { aud: 'account' },
    },
    Supabase: {
      claims: {
        aal: 'aal1',
        amr: [{ method: 'password', timestamp: now }],
        app_metadata: { provider: 'email', providers: ['email'], tenant_id: 'acme' },
        aud: 'authenticated',
        email: 'user@example.com',
        iss: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
        phone: '',
        role: 'authenticated',
        session_id: '4b938a09-5372-4177-a314-cfa292099ea2',
        sub: '6ff5dd4d-6a5b-4e2e-8d5a-1c1d1c1d1c1d',
        user_metadata: { tenant_id: 'globex' },
        is_anonymous: false,
      },
      tenant: 'acme',
      none: { app_metadata: { provider: 'email', providers: ['email'] } },
      forOthers: { aud: 'anon' },
      header: { alg: 'ES256' },
    },
    WorkOS: {
      claims: {
        iss: 'https://api.workos.com',
        sub: 'user_01HBEQKA6K4QJAS93VPE39W1JT',
        org_id: 'org_01HRDMC6CM357W30QMHMQ96Q0S',
        role: 'member',
        roles: ['member'],
        permissions: ['posts:read', 'posts:write'],
        entitlements: ['audit-logs'],
        sid: 'session_01HQSXZGF8FHF7A9ZZFCW4387R',
        jti: '01HQSXZXPPFPKMDD32RKTFY6PV',
        'urn:example:audience': 'knowledge',
      },
      tenant: 'org_01HRDMC6CM357W30QMHMQ96Q0S',
      none: { org_id: undefined },
      forOthers: { 'urn:example:audience': 'billing' },
    },
  };

const sign = (claims: Claims, { alg = 'RS256' }: Claims = {}, key?: KeyObject, kid = 'one') =>
  new SignJWT({ ...times, ...claims })
    .setProtectedHeader({ alg: alg as string, kid, typ: 'JWT' })
    .sign(key ?? (alg === 'RS256' ? rsa : ec).privateKey);

const causeOf = (verified: Promise<string>): Promise<string> =>
  verified.then(
    () => expect.fail('it was accepted'),
    (error) => {
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
      return error.cause.message;
    },
  );

it('has a recipe of each provider', () => {
  expect(recipes).toHaveLength(Object.keys(providers).length);
});

describe.each(Object.entries(providers))('%s', (name, { claims, tenant, none, forOthers, header }) => {
  const recipe = recipes[Object.keys(providers).indexOf(name)] as Environment;
  beforeAll(async () => {
    const { publicKey } = header ? ec : rsa;
    keys = [{ ...(await exportJWK(publicKey)), kid: 'one' }];
  });
  const verify = async (changed: Claims = {}, key?: KeyObject) =>
    verifierOf({ ...recipe, RAGWALL_JWKS_URL: jwks })(await sign({ ...claims, ...changed }, header, key));

  it('is accepted, as the tenant that it names', async () => {
    expect(await verify()).toBe(tenant);
  });

  it.each<[string, Claims]>([
    ['of another issuer', { iss: 'https://evil.example.com/' }],
    ['of no issuer', { iss: undefined }],
    ['for another service', forOthers],
    ['that has expired', { exp: now - 60 }],
    ['that never expires', { exp: undefined }],
    ['that is not valid yet', { nbf: now + 60 }],
    ['of no tenant', none],
  ])('is refused %s', async (_, changed) => {
    await causeOf(verify(changed));
  });

  it('is refused without what says for whom it is', async () => {
    const [claim = 'aud'] = Object.keys(forOthers);
    await causeOf(verify({ [claim]: undefined }));
  });

  it('is refused by another key', async () => {
    const wrong = header
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await causeOf(verify({}, wrong.privateKey))).toBe('JWSSignatureVerificationFailed');
  });
});

describe('Entra, with an issuer for each customer', () => {
  const recipe = recipes[3] as Environment;
  const { claims } = providers.Entra as { claims: Claims };
  const issuerOf = (tid: string) => `https://login.microsoftonline.com/${tid}/v2.0`;
  const verify = async (changed: Claims, kid?: string, more: Environment = {}) =>
    verifierOf({ ...recipe, RAGWALL_JWKS_URL: jwks, ...more })(
      await sign({ ...claims, ...changed }, {}, undefined, kid),
    );
  beforeAll(async () => {
    const key = await exportJWK(rsa.publicKey);
    keys = [
      { ...key, kid: 'one' },
      { ...key, kid: 'all', issuer: issuerOf('{tenantid}') } as JWK,
      { ...key, kid: 'personal', issuer: issuerOf('9188040d-6c67-4c5b-b112-36a304b66dad') } as JWK,
    ];
  });

  it('each is a tenant of its own', async () => {
    expect(await verify({ iss: issuerOf(other), tid: other }, 'all')).toBe(other);
  });

  it.each<[string, unknown]>([
    [issuerOf(other), directory],
    [issuerOf(directory), other],
    [issuerOf(`${other}/../${directory}`), `${other}/../${directory}`],
    [issuerOf('{tid}'), directory],
    [issuerOf(''), ''],
    ['https://login.microsoftonline.com/a,b/v2.0', ['a', 'b']],
    [`https://sts.windows.net/${directory}`, directory],
  ])('the issuer %s may not name the tenant %j', async (iss, tid) => {
    expect(await causeOf(verify({ iss, tid }))).toMatch(/^(iss: not of the claim tid|no claim tid for iss)$/);
  });

  it('a key signs for the issuers that it is published for', async () => {
    expect(await causeOf(verify({}, 'personal'))).toBe('iss: not the issuer of the key');
  });

  it('a list of issuers accepts these, and no others', async () => {
    const list = { RAGWALL_JWT_ISSUER: `${issuerOf(other)}, ${issuerOf(directory)}` };
    expect(await verify({}, 'one', list)).toBe(directory);
    const third = '22222222-2222-4222-8222-222222222222';
    expect(await causeOf(verify({ iss: issuerOf(third), tid: third }, 'one', list))).toBe(
      'JWTClaimValidationFailed iss: unexpected value',
    );
  });
});

it('a claim that takes the place of aud does not stand beside one', async () => {
  keys = [{ ...(await exportJWK(rsa.publicKey)), kid: 'one' }];
  const { claims } = providers.Cognito as { claims: Claims };
  const verify = verifierOf({ ...recipes[2], RAGWALL_JWKS_URL: jwks });
  expect(await causeOf(verify(await sign({ ...claims, aud: 'billing' })))).toBe('aud: not expected');
  const id = { client_id: undefined, aud: '5bsjlins3936example', token_use: 'id' };
  expect(await causeOf(verify(await sign({ ...claims, ...id })))).toBe('aud: not expected');
  const idTokens = verifierOf({ ...recipes[2], RAGWALL_JWKS_URL: jwks, RAGWALL_JWT_AUDIENCE_CLAIM: '' });
  expect(await idTokens(await sign({ ...claims, ...id }))).toBe('acme');
  expect(await causeOf(idTokens(await sign(claims)))).toBe('JWTClaimValidationFailed aud: missing');
});

describe('is not made with', () => {
  const right = { keys: rsa.publicKey, algorithms: ['RS256'], issuer: 'https://login', audience: 'knowledge' };
  it.each<[string, object, RegExp]>([
    ['no audience', { audience: undefined }, /^audience is expected/],
    ['an empty list of audiences', { audience: [] }, /^audience is expected/],
    ['a claim in place of aud without its value', { audience: { claim: 'azp' } }, /^audience is expected/],
    ['a value without its claim', { audience: { is: 'https://app' } }, /^audience is expected/],
    ['aud in place of aud', { audience: { claim: 'aud', is: 'x' } }, /another claim than aud/],
    ['an unknown option', { audiences: 'knowledge' }, /^options: audiences is no option; expected: keys, /],
    ['an unknown option of audience', { audience: { claim: 'azp', is: 'x', or: 'y' } }, /^audience: or is no option/],
    ['no issuer', { issuer: [] }, /^issuer is expected/],
    ['a tenant that is not of the issuer', { issuer: 'https://login/{tid}/' }, /^claim is expected to be tid/],
    ['a host that is a claim', { issuer: 'https://{tid}/', claim: 'tid' }, /expected alone/],
    ['two claims in an issuer', { issuer: 'https://login/{tid}/{x}', claim: 'tid' }, /expected alone/],
    ['an issuer with a claim in a list', { issuer: ['https://login/{tid}/', 'x'], claim: 'tid' }, /expected alone/],
    ['a tenant that users choose, at Supabase', { claim: '/user_metadata/tenant_id' }, /users cannot write/],
    ['a tenant that users choose, at Clerk', { claim: '/unsafe_metadata/org' }, /users cannot write/],
  ])('%s', (_, options, message) => {
    expect(() => tokenVerifier({ ...right, ...options } as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    );
  });
});
