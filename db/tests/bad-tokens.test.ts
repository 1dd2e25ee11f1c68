/**
 * A token that is not exactly what a key signed raises RW005, one whose claims do not fit RW006. A signing key works as it
 * was asked for and returned, or it is refused. Messages repeat no part of either.
 */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenSigner } from '../../src/index.js';
import { fuzz, isJson, json, outcome, secret, text, texts } from './bad-input.js';
import { useSession } from './engine/use-session.js';

const session = useSession();
let jwk: string; // as ragwall.add_signing_key() returned it
let key: Record<'kid' | 'aud' | 'k', string>;
beforeAll(() =>
  session.admin(async (sql) => {
    await sql`
      create function tests.try_tokens(tokens text[]) returns table (code text, answer text)
      language plpgsql as $$
      declare
        token text;
        tenant text;
        detail text;
        hint text;
        context text;
      begin
        foreach token in array tokens loop
          begin
            tenant := ragwall.set_tenant_from_token(token);
            raise exception '%', tenant using errcode = 'BOUND';
          exception when others then
            get stacked diagnostics
              detail = pg_exception_detail, hint = pg_exception_hint, context = pg_exception_context;
            code := sqlstate;
            answer := concat_ws(chr(10), sqlerrm, detail, hint, split_part(context, chr(10) || 'PL/pgSQL', 1));
            return next;
          end;
        end loop;
      end
      $$`;
    await sql`grant execute on function tests.try_tokens(text[]) to public`;
    const [row] = await sql`select ragwall.add_signing_key('bad-tokens') as jwk`;
    jwk = row?.jwk;
    key = JSON.parse(jwk);
  }),
);
afterAll(() =>
  session.admin(async (sql) => {
    await sql`drop function tests.try_tokens(text[])`;
    await sql`select ragwall.retire_signing_key('bad-tokens')`;
  }),
);

/** Returns for each token, tried by itself, BOUND and the tenant, or the SQLSTATE and all fields of the error. */
async function attempt(tokens: readonly (string | null)[]) {
  // Encoding as UTF-8 turns halves of surrogate pairs into U+FFFD, as the driver does.
  const json = JSON.stringify(tokens.map((token) => token && Buffer.from(token).toString()));
  return [
    ...(await session.app<{ code: string; answer: string }[]>`
      select * from tests.try_tokens(array(select jsonb_array_elements_text(${json}::text::jsonb)))`),
  ];
}

/** Tokens that differ from one in one place, and others that a lenient parser would take for it. */
function* alterations(token: string): Generator<string> {
  for (let at = 0; at < token.length; at += 1) {
    const [before, here, after] = [token.slice(0, at), token.charCodeAt(at), token.slice(at + 1)];
    for (let bit = 0; bit < 7; bit += 1) {
      if (here !== 1 << bit) yield before + String.fromCharCode(here ^ (1 << bit)) + after;
    }
    yield before;
    yield before + after;
    yield token.slice(at + 1);
    for (const more of ['A', '.', '=', ' ', '\n', '\u200b', '%']) yield before + more + token.slice(at);
  }
  for (const more of ['=', '==', '\n', '\r\n', ' ', '\t', '.', '..', 'A', `.${token}`, '\ud800', '"', "'"]) {
    yield token + more;
    yield more + token;
  }
  const [header = '', payload = '', mac = ''] = token.split('.');
  for (const parts of [
    [header, payload],
    [header, header, mac],
    [payload, header, mac],
    [header, mac, payload],
  ]) {
    yield parts.join('.');
  }
  yield [header, payload, payload, mac].join('.');
  yield [header, payload, mac, mac].join('.');
  yield [header, payload, ''].join('.');
  yield [header, payload, Buffer.from(mac, 'base64url').toString('base64')].join('.');
  yield [header, payload, Buffer.from(mac, 'base64url').toString('hex')].join('.');
  yield token.toUpperCase();
  yield `Bearer ${token}`;
  yield token.repeat(4);
  yield 'A'.repeat(1_000_000);
}

const base64url = (part: string | Buffer) => Buffer.from(part).toString('base64url');
function sign(payload: string | Buffer, encoded = base64url(payload)): string {
  const signed = `${base64url(`{"alg":"HS256","kid":"${key.kid}"}`)}.${encoded}`;
  const mac = createHmac('sha256', Buffer.from(key.k, 'base64url')).update(signed);
  return `${signed}.${mac.digest('base64url')}`;
}
const claims = (others: object = {}) => {
  const iat = Math.floor(Date.now() / 1000);
  return { tenant_id: 'acme', aud: key.aud, iat, exp: iat + 60, ...others };
};

it('no alteration of a token is accepted, nor repeated', async () => {
  const token = sign(JSON.stringify(claims()));
  expect(await attempt([token])).toMatchObject([{ code: 'BOUND', answer: expect.stringMatching(/^acme\n/) }]);
  const altered = [...new Set(alterations(token))].filter((one) => one !== token);
  expect(altered.length).toBeGreaterThan(3_000);
  const refused = await attempt([...altered, ...texts.filter((one) => !one.includes('\0')), null]);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['RW005']));
  // All messages are the same, so none tells what was altered.
  expect(new Set(refused.map(({ answer }) => answer)).size).toBe(1);
});

it('an authentic token binds the tenant that it names, or raises RW006', async () => {
  const now = Math.floor(Date.now() / 1000);
  // Seconds from now. None is so near to a limit that the time a test takes would decide.
  const times = fc.record(
    {
      iat: fc.constantFrom(-1000, -400, -290, -100, 0, 30, 1000).map((s) => now + s),
      exp: fc.constantFrom(-100, -20, 30, 60, 200, 1000).map((s) => now + s),
      nbf: fc.constantFrom(-1000, 0, 30, 1000).map((s) => now + s),
    },
    { requiredKeys: [] },
  );
  const name = fc.constantFrom('tenant_id', 'aud', 'iat', 'exp', 'nbf', '__proto__');
  const other = fc.oneof(text, json.value, fc.constantFrom('%s', ...texts));
  const odd = fc.tuple(name, other).map(([key, value]) => ({ [key]: value }));
  const samples = [{ tenant_id: '%s' }, ...fc.sample(fc.oneof(times, odd), fuzz(1_000))]
    .filter(isJson)
    .map((others) => claims(others));
  const answers = await attempt(samples.map((given) => sign(JSON.stringify(given))));
  const expected = samples.map((given) => {
    const { tenant_id, aud, iat, exp, nbf = 0 } = given as Record<string, unknown>;
    const valid =
      [tenant_id].every((id) => typeof id === 'string' && /^[!-~]{1,128}$/.test(id)) &&
      aud === key.aud &&
      [iat, exp, nbf].every((time) => typeof time === 'number') &&
      [Number(iat), Number(nbf)].every((time) => time <= now + 5) &&
      Number(exp) > now &&
      Number(exp) - Number(iat) <= 300;
    const long = sign(JSON.stringify(given)).length > 1_200;
    return long ? 'RW005' : valid ? `BOUND ${tenant_id}` : 'RW006';
  });
  const outcomes = answers.map(({ code, answer }) => (code === 'BOUND' ? `BOUND ${answer.split('\n')[0]}` : code));
  expect(outcomes).toEqual(expected);
  for (const code of ['RW005', 'RW006', 'BOUND acme', 'BOUND %s']) expect(outcomes).toContain(code);
});

it('an authentic token whose claims cannot be read raises RW006, and is not repeated', async () => {
  const all = JSON.stringify(claims());
  const time = (iat: string, exp: string) => all.replace(/"iat".*/, `"iat":${iat},"exp":${exp}}`);
  const payloads = [
    ...['', secret, '[[[[', `{"tenant_id":"${secret}`, `${all}${all}`, '['.repeat(800), '\0', '\xff'],
    ...['null', '[]', '{}', '0', '"acme"', '{"tenant_id":"a\\u0000"}', '{"tenant_id":"\\ud800"}'],
    ...[time('0', '1e200000'), time('1', '9e131071'), time('-9e131071', '9e131071'), time('1e400', '1')],
  ].map((payload) => sign(Buffer.from(payload, 'latin1')));
  const unpadded = ['A', 'AAAAA', '____', '-_-_-'].map((encoded) => sign('', encoded));
  const cut = fc.sample(fc.nat(all.length - 1), fuzz(100)).map((at) => sign(all.slice(0, at)));
  const refused = await attempt([...payloads, ...unpadded, ...cut].filter((one) => !one.includes('..')));
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['RW006']));
  expect(new Set(refused.map(({ answer }) => answer)).size).toBe(1);
});

it('an ill-formed name or audience of a key raises RW401, a well-formed one is returned', async () => {
  const word = fc.oneof(text, fc.constantFrom(...texts));
  await session.admin((sql) =>
    fc.assert(
      fc.asyncProperty(word, word, async (kid, audience) => {
        const { is, code } = await outcome(async () => {
          const [row] = await sql`select ragwall.add_signing_key(${kid}::text, ${audience}::text) as jwk`;
          await sql`select ragwall.retire_signing_key(${kid}::text)`;
          return JSON.parse(row?.jwk);
        });
        const valid = /^[A-Za-z0-9._-]{1,64}$/.test(kid) && /^[!-~]{1,200}$/.test(audience);
        if (valid) expect(is).toMatchObject({ kid, aud: audience });
        // The protocol refuses a NUL.
        else expect(`${kid}${audience}`.includes('\0') ? '22021' : 'RW401').toBe(code);
      }),
      {
        ...fuzz(200),
        examples: [
          ['a', '%s"\\'],
          ['.', '~'.repeat(200)],
          ['a\n', 'a'],
          ['a', 'a\n'],
        ],
      },
    ),
  );
});

it('an altered signing key is refused without being repeated, or its tokens are refused', async () => {
  // HMAC fills up a key with zeros, so a key with more zeros at its end is the same key.
  const bytes = (k: string) => Buffer.concat([Buffer.from(k, 'base64url'), Buffer.alloc(64)], 64);
  const altered = [...alterations(jwk)].filter((one) => one.length < 1_000);
  const tokens: string[] = [];
  for (const one of altered) {
    const { is: signer, code } = await outcome(() => tokenSigner(one), key.k.slice(0, 20));
    if (!signer) {
      expect(code).toBe('INVALID_OPTION');
      continue;
    }
    const { kid, aud, k } = JSON.parse(one);
    const same = kid === key.kid && aud === key.aud && bytes(k).equals(bytes(key.k));
    if (!same) tokens.push(await signer('acme'));
  }
  expect(tokens.length).toBeGreaterThan(100);
  const codes = (await attempt(tokens)).map(({ code }) => code);
  expect(new Set(codes)).toEqual(new Set(['RW005', 'RW006']));
  expect(await attempt([await tokenSigner(jwk)('acme')])).toMatchObject([{ code: 'BOUND' }]);
});
