/** An option that nobody knows is an error, which names it and those that there are. */
import { expect, it } from 'vitest';
import { openaiAnswerer } from './answer.js';
import { checkOptions } from './options.js';
import { tokenVerifier } from './verify.js';

it.each([
  [{ a: 1, ab: 2 }, 'options: ab is no option; expected: a, b.'],
  [null, 'options: expected an object.'],
  ['a', 'options: expected an object.'],
])('%j', (given, message) => {
  expect(() => checkOptions(given, ['a', 'b'])).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message }));
});

it('of a verifier, or of what asks a model', () => {
  const unknown = expect.objectContaining({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/^options: audiences is no option/),
  });
  const more = { audiences: ['x'] } as object;
  const expected = { algorithms: ['HS256'], issuer: 'x', audience: 'x', keys: new Uint8Array(32), ...more };
  expect(() => tokenVerifier(expected)).toThrow(unknown);
  const client = { chat: { completions: { create: () => Promise.reject(new Error('not to be used')) } } };
  expect(() => openaiAnswerer({ client, model: 'm', ...more })).toThrow(unknown);
});
