/** A tenant that asks too often is told when to ask again, and a limiter that fails lets nothing pass. */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { expect, it } from 'vitest';
import { limitRate } from './rate-limit.js';

it('limits one tenant, and no other by it', async () => {
  const limiter = new RateLimiterMemory({ points: 2, duration: 60 });
  await limitRate(limiter, 'acme');
  await limitRate(limiter, 'acme');
  await expect(limitRate(limiter, 'acme')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await limitRate(limiter, 'globex');
});

it.each([
  [1_500, '2'],
  [0, '1'],
])('turns %i ms into whole seconds to wait, %s', async (msBeforeNext, seconds) => {
  const limiter = { consume: () => Promise.reject({ msBeforeNext }) };
  await expect(limitRate(limiter, 'acme')).rejects.toMatchObject({ more: { headers: { 'retry-after': seconds } } });
});

it.each([new Error('store down'), undefined, 'no', {}])('refuses at %j', async (reason) => {
  const limiter = { consume: () => Promise.reject(reason) };
  await expect(limitRate(limiter, 'acme')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
