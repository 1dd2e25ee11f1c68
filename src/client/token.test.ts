/** In signed mode nobody can name a tenant but whoever holds the key; the client does so at no further round trip. */
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { forTenant, needs, openSession, type Session } from '../../db/tests/engine/session.js';
import { connect } from './connect.js';
import type { Tenant } from './handle.js';
import { type TokenSigner, tokenSigner } from './token.js';

const engine = inject('engine');
const secret = Buffer.alloc(32, 7).toString('base64url');
const jwk = { kty: 'oct', alg: 'HS256', kid: 'k', aud: 'ragwall:app', k: secret };
const claims = (token: string) => JSON.parse(`${Buffer.from(token.split('.')[1] ?? '', 'base64url')}`);

describe('tokenSigner', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[string, object | string | undefined]>([
    ['nothing', undefined],
    ['what is no JSON', secret],
    ['null', 'null'],
    ['another type of key', { ...jwk, kty: 'RSA' }],
    ['another algorithm', { ...jwk, alg: 'none' }],
    ['no name', { ...jwk, kid: undefined }],
    ['no audience', { ...jwk, aud: undefined }],
    ['a short key', { ...jwk, k: secret.slice(0, 20) }],
  ])('refuses %s, without repeating it', (_, value) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : value;
    expect(() => tokenSigner(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.not.stringContaining(secret.slice(0, 20)) }),
    );
  });

  it.each([1, 301, 1.5, Number.NaN])('refuses a lifetime of %s seconds', (lifetime) => {
    expect(() => tokenSigner(JSON.stringify(jwk), { lifetime })).toThrow(/2 to 300/);
  });

  it('uses a token again for half of its lifetime, and for its own tenant alone', async () => {
    vi.useFakeTimers({ now: 1_000_000_000_000 });
    const signer = tokenSigner(JSON.stringify(jwk), { lifetime: 60 });
    const first = await signer('acme');
    expect(claims(first)).toEqual({
      ...{ tenant_id: 'acme', aud: 'ragwall:app', iat: 1_000_000_000, exp: 1_000_000_060 },
    });
    expect(claims(await signer('globex')).tenant_id).toBe('globex');
    vi.setSystemTime(1_000_000_029_000);
    expect(await signer('acme')).toBe(first);
    vi.setSystemTime(1_000_000_030_000);
    expect(claims(await signer('acme')).exp).toBe(1_000_000_090);
    vi.setSystemTime(999_999_000_000); // the clock was set back
    expect(claims(await signer('acme')).exp).toBe(999_999_060);
  });

  it('keeps the tokens of 1,000 tenants', async () => {
    vi.useFakeTimers({ now: 1_000_000_000_000 });
    const signer = tokenSigner(JSON.stringify(jwk));
    const first = signer('0');
    for (let n = 1; n < 1_000; n += 1) await signer(`${n}`);
    expect(signer('0')).toBe(first);
    await signer('1000');
    await signer('1001');
    expect(signer('0')).toBe(first);
    for (let n = 2_000; n < 3_000; n += 1) await signer(`${n}`);
    expect(signer('0')).not.toBe(first);
  });
});

describe('a database in signed mode', () => {
  let session: Session;
  let signer: TokenSigner;
  let acme: Tenant;
  const embedding = [1, ...Array<number>(1535).fill(0)];
  const document = { source: 'a.md', position: 0, content: 'acme new', embedding, embeddingModel: 'm' };
  const statements: string[] = [];

  beforeAll(async () => {
    session = await openSession(engine);
    const key = await session.admin(async (sql) => {
      await sql`select tests.seed()`;
      await sql`revoke execute on function ragwall.set_tenant(text) from app_user, app_reader`;
      const [row] = await sql`select ragwall.add_signing_key('signed') as key`;
      return row?.key;
    });
    signer = tokenSigner(key);
    acme = forTenant(session.app, 'acme', { signer });
  });
  afterAll(async () => {
    await session.admin(async (sql) => {
      await sql`select ragwall.retire_signing_key('signed')`;
      await sql`grant execute on function ragwall.set_tenant(text) to app_user, app_reader`;
      await sql`delete from ragwall.documents`;
    });
    await session.end();
  });

  it('answers whoever signs who is asking', async () => {
    expect(await acme.upsertDocuments([document])).toEqual({ inserted: 1, updated: 0, unchanged: 0 });
    const found = await acme.matchDocuments(embedding, { k: 10 });
    expect(found.map((row) => row.content).sort()).toEqual([
      ...['acme new', 'acme secret 0', 'acme secret 1', 'acme secret 2'],
    ]);
    const seen = await acme.transaction((tx) => tx.sql`select distinct tenant_id from ragwall.documents`);
    expect([...seen]).toEqual([{ tenant_id: 'acme' }]);
    expect(await acme.deleteDocuments({ source: 'a.md' })).toBe(1);
  });

  it('refuses whoever merely says so', async () => {
    const naming = forTenant(session.app, 'acme');
    const denied = { code: '42501', message: 'permission denied for function set_tenant' };
    await expect(naming.matchDocuments(embedding)).rejects.toMatchObject(denied);
    await expect(naming.upsertDocuments([document])).rejects.toMatchObject(denied);
    await expect(naming.deleteDocuments({ source: 'a.md' })).rejects.toMatchObject(denied);
    await expect(naming.transaction(async () => 1)).rejects.toMatchObject(denied);
  });

  it('refuses what another key signed, and never repeats it', async () => {
    const other = forTenant(session.app, 'acme', { signer: tokenSigner(JSON.stringify(jwk)) });
    const error = await other.matchDocuments(embedding).catch((error) => error);
    expect(error).toMatchObject({ code: 'RW005' });
    expect(JSON.stringify([error, error.message, error.where])).not.toContain('eyJ');
  });

  it('takes one statement for a single call, as in trusting mode', async (context) => {
    needs(context, engine, ['docker', 'url'], 'connections of their own');
    const debug = (_: number, text: string) => statements.push(text);
    const ragwall = connect(engine.appUrl ?? '', { signer, driver: { debug } });
    await ragwall.dimensions();
    statements.length = 0;
    await ragwall.forTenant('acme').matchDocuments(embedding);
    await ragwall.forTenant('acme').deleteDocuments({ source: 'none' });
    await ragwall.close();
    expect(statements).toHaveLength(2);
  });

  it('writes no secret of a new key into its log', async (context) => {
    needs(context, engine, ['docker'], 'a log that can be read');
    const { k } = await session.admin((sql) =>
      sql.begin(async (tx) => {
        await tx`set local log_statement = 'all'`;
        await tx`set local log_min_duration_statement = 0`;
        await tx`set local debug_print_plan = on`;
        const [row] = await tx`select ragwall.add_signing_key('logged') as key`;
        await tx`select ragwall.retire_signing_key('logged')`;
        return JSON.parse(row?.key);
      }),
    );
    const log = execFileSync('docker', ['exec', engine.containerId ?? '', 'tail', '-c', '50000', 'postgres.log']);
    expect(`${log}`).toContain("select ragwall.add_signing_key('logged')");
    expect(`${log}`).not.toContain(k);
  });
});
