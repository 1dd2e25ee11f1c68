/** A token that is not exactly what a key signed raises RW005, one whose claims do not fit RW006. Messages repeat no part of it. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { fuzz, isJson, json, secret, text, texts } from './bad-input.js';
import { alterations, type TokenTrial, tryTokens } from './bad-tokens.js';
import { openSession, type Session } from './engine/session.js';

let session: Session;
let trial: TokenTrial;
let key: Record<'kid' | 'aud' | 'k', string>;
beforeAll(async () => {
  session = await openSession(inject('engine'));
  trial = await tryTokens(session, 'bad-tokens');
  key = JSON.parse(trial.jwk);
});
afterAll(async () => {
  await trial.end();
  await session.end();
});

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
  expect(await trial.attempt([token])).toMatchObject([{ code: 'BOUND', answer: expect.stringMatching(/^acme\n/) }]);
  const altered = [...new Set(alterations(token))].filter((one) => one !== token);
  expect(altered.length).toBeGreaterThan(3_000);
  const refused = await trial.attempt([...altered, ...texts.filter((one) => !one.includes('\0')), null]);
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
  const answers = await trial.attempt(samples.map((given) => sign(JSON.stringify(given))));
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
  const refused = await trial.attempt([...payloads, ...unpadded, ...cut].filter((one) => !one.includes('..')));
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['RW006']));
  expect(new Set(refused.map(({ answer }) => answer)).size).toBe(1);
});
