/** Whatever embedders, servers and signers answer, and whatever they are made with, is used or refused with its code. */

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fuzz, json, number, outcome, secret, text, thing } from '../../db/tests/bad-input.js';
import { dimensions } from '../../db/tests/engine/dimensions.js';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import type { Embedder } from '../embedders/embedder.js';
import { lexicalEmbedder } from '../embedders/lexical.js';
import { type OpenAIEmbeddings, openaiEmbedder } from '../embedders/openai.js';
import { assertIsolation } from './assert-isolation.js';
import { connect } from './connect.js';
import type { Tenant } from './handle.js';
import { setTenant } from './tenant.js';
import { type TokenSigner, tokenSigner } from './token.js';

const axis = [1, ...Array<number>(dimensions - 1).fill(0)];
const key = { kty: 'oct', alg: 'HS256', kid: 'k', aud: 'a', k: Buffer.alloc(32, 7).toString('base64url') };

const session = useSession({ clear: true });
let acme: Tenant;
beforeAll(async () => {
  acme = forTenant(session.app, 'acme');
});

describe('an option', () => {
  const isWhole = (value: unknown, min: number, max: number) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  const client = {} as OpenAIEmbeddings;

  it.each<[string, number, number, (value: never) => unknown]>([
    ['dimensions of lexicalEmbedder', 1, 4000, (dimensions) => lexicalEmbedder({ dimensions })],
    ['dimensions of openaiEmbedder', 1, 4000, (dimensions) => openaiEmbedder(client, { dimensions })],
    ['batchSize of openaiEmbedder', 1, 2048, (batchSize) => openaiEmbedder(client, { batchSize })],
    ['concurrency of openaiEmbedder', 1, 64, (concurrency) => openaiEmbedder(client, { concurrency })],
    ['maxTokens of openaiEmbedder', 1, 2 ** 31 - 1, (maxTokens) => openaiEmbedder(client, { maxTokens })],
    ['maxInputTokens', 1, 2 ** 31 - 1, (maxInputTokens) => openaiEmbedder(client, { maxInputTokens })],
    ['batchSize of an upsert', 1, 1000, (batchSize) => acme.upsertDocuments([], { batchSize })],
    ['lifetime of tokens', 2, 300, (lifetime) => tokenSigner(JSON.stringify(key), { lifetime })],
  ])('%s is a whole number, or refused', (name, min, max, act) =>
    fc.assert(
      fc.asyncProperty(fc.oneof(fc.integer({ min: -1, max: 5000 }), number, thing), async (value) => {
        const { code } = await outcome(() => act(value as never));
        const valid = (value === undefined && !/lexical/.test(name)) || isWhole(value, min, max);
        expect(code).toBe(valid ? undefined : 'INVALID_OPTION');
      }),
      fuzz(100),
    ),
  );

  it.each<[string, (options: never) => unknown]>([
    ['connect', (options) => connect('postgres://127.0.0.1:1', options)],
    ['assertIsolation', (options) => assertIsolation(session.app, options)],
    ['matchDocuments', (options) => acme.matchDocuments(axis, options)],
    ['upsertDocuments', (options) => acme.upsertDocuments([], options)],
    ['upsertDocuments in a transaction', (options) => acme.transaction((tx) => tx.upsertDocuments([], options))],
    ['lexicalEmbedder', (options) => lexicalEmbedder(options)],
    ['openaiEmbedder', (options) => openaiEmbedder(client, options)],
    ['tokenSigner', (options) => tokenSigner(JSON.stringify(key), options)],
  ])('of %s is not a text, a number, a list or null, and has a known name', async (_, act) => {
    for (const options of [null, 5, secret, [], { unknwon: 1 }, { [secret.repeat(9)]: undefined }]) {
      expect(await outcome(() => act(options as never))).toEqual({ code: 'INVALID_OPTION' });
    }
  });

  it('that is misspelt is named, beside those that there are', async () => {
    await expect(acme.matchDocuments(axis, { filters: {} } as never)).rejects.toThrow(
      /^filters is no option; expected: k, filter, text, weight, around\.$/,
    );
  });
});

describe('an embedder', () => {
  const document = { source: 's', position: 0, content: secret };
  const store = (embedder: unknown) =>
    outcome(() => acme.upsertDocuments([document], { embedder: embedder as Embedder }));

  it('that returns anything but a vector for each text stores nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(thing, fc.array(thing, { maxLength: 2 })), async (answer) => {
        const { code } = await store({ model: 'm', embed: async () => answer });
        expect(['EMBEDDING_FAILED', 'INVALID_VECTOR']).toContain(code);
      }),
      fuzz(150),
    );
    expect(await acme.matchDocuments(axis)).toEqual([]);
    expect(await store({ model: 'm', embed: async () => [axis] })).toMatchObject({ is: { inserted: 1 } });
    expect(await acme.deleteDocuments({ source: 's' })).toBe(1);
  });

  it.each([{}, { model: 'm' }, { model: 'm', embed: 5 }, 5, secret, null])(
    'that cannot embed (%o) is refused',
    async (embedder) => {
      expect(await store(embedder)).toEqual({ code: 'INVALID_OPTION' });
    },
  );

  it('of OpenAI returns what a server answers if it is vectors, and quotes none of it else', async () => {
    const item = fc.oneof(thing, fc.record({ index: fc.oneof(fc.constantFrom(0, 1), thing), embedding: thing }));
    const answer = fc.oneof(thing, json.value, fc.record({ data: fc.oneof(thing, fc.array(item)) }));
    await fc.assert(
      fc.asyncProperty(answer, fc.boolean(), async (answer, fails) => {
        const create = async () => {
          if (fails) throw answer;
          return answer;
        };
        const embedder = openaiEmbedder({ embeddings: { create } } as OpenAIEmbeddings);
        const { is, code } = await outcome(() => embedder.embed([secret]));
        if (is) expect(is.map(Array.isArray)).toEqual([true]);
        else expect(code).toBe('EMBEDDING_FAILED');
      }),
      { ...fuzz(300), examples: [[{ data: [null] }, false]] },
    );
  });

  it('that is lexical gives any text with words a vector that can be searched with', () =>
    fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 4000 }), async (text, dimensions) => {
        const embedded = await outcome(() => lexicalEmbedder({ dimensions }).embed([text]));
        expect(embedded.code).toBe(/[\p{L}\p{M}\p{N}]/u.test(text.normalize('NFKC')) ? undefined : 'EMBEDDING_FAILED');
        const [vector] = embedded.is ?? [];
        if (!vector) return;
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
        expect(vector).toHaveLength(dimensions);
        const same = lexicalEmbedder({ dimensions: axis.length });
        if (dimensions > 3000) await acme.matchDocuments((await same.embed([text]))[0] ?? []);
      }),
      fuzz(60),
    ));
});

it('a signer that is none, or returns no text, is not taken for trust', async () => {
  const refused = { code: 'INVALID_OPTION' };
  const signers = fc.oneof(thing.filter((some) => some !== undefined && typeof some !== 'function'));
  const answers = thing.filter((some) => typeof some !== 'string').map((some) => async () => some);
  await fc.assert(
    fc.asyncProperty(fc.oneof(signers, answers), async (some) => {
      const signer = some as TokenSigner;
      const handle = outcome(() => forTenant(session.app, 'acme', { signer }).matchDocuments(axis));
      expect(await handle).toEqual(refused);
      const bound = outcome(() => session.app.begin((tx) => setTenant(tx, 'acme', signer)));
      expect(await bound).toEqual(refused);
    }),
    fuzz(60),
  );
  const unsigned = forTenant(session.app, 'acme', { signer: async () => secret });
  expect(await outcome(() => unsigned.matchDocuments(axis))).toEqual({ code: 'RW005' });
});
