/** Limits are whole numbers in their range, and each has a default. */
import { expect, it } from 'vitest';
import { limitsOf } from './limits.js';

it('has a default for each', () => {
  expect(limitsOf({ k: 7 })).toEqual({
    bodyBytes: 4_194_304,
    batch: 100,
    contentLength: 32_000,
    metadataLength: 16_000,
    questionLength: 4_000,
    k: 7,
    seconds: 30,
    requests: 2_000,
    tenantRequests: 500,
    bytes: 67_108_864,
    tenantBytes: 16_777_216,
    uploads: 2,
    embeddings: 32,
  });
});

it.each<[object, string]>([
  [{ seconds: 0 }, 'limits.seconds: expected a whole number from 1 to 3600.'],
  [{ k: 1_001 }, 'limits.k: expected a whole number from 1 to 1000.'],
  [{ batch: 1.5 }, 'limits.batch: expected a whole number from 1 to 1000.'],
  [{ bodyBytes: Number.NaN }, 'limits.bodyBytes: expected a whole number from 1 to 9007199254740991.'],
  [{ kk: 5 }, 'limits: expected an object of bodyBytes, batch, contentLength'],
])('refuses %j', (given, message) => {
  expect(() => limitsOf(given)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
  );
});
