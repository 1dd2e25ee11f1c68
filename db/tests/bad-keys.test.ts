/** A signing key works as it was asked for and returned, or it is refused. No message repeats any of it. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { tokenSigner } from '../../src/index.js';
import { fuzz, outcome, text, texts } from './bad-input.js';
import { alterations, type TokenTrial, tryTokens } from './bad-tokens.js';
import { openSession, type Session } from './engine/session.js';

let session: Session;
let trial: TokenTrial;
let key: Record<'kid' | 'aud' | 'k', string>;
beforeAll(async () => {
  session = await openSession(inject('engine'));
  trial = await tryTokens(session, 'bad-keys');
  key = JSON.parse(trial.jwk);
});
afterAll(async () => {
  await trial.end();
  await session.end();
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
  const altered = [...alterations(trial.jwk)].filter((one) => one.length < 1_000);
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
  const codes = (await trial.attempt(tokens)).map(({ code }) => code);
  expect(new Set(codes)).toEqual(new Set(['RW005', 'RW006']));
  expect(await trial.attempt([await tokenSigner(trial.jwk)('acme')])).toMatchObject([{ code: 'BOUND' }]);
});
