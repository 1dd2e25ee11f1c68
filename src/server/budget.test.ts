/** A tenant, and all together, hold no more requests and bytes than the budget has, and give back what they took. */
import { expect, it } from 'vitest';
import { createBudget, type Refusal } from './budget.js';

const limits = { requests: 3, tenantRequests: 2, bytes: 100, tenantBytes: 60 };
const tenantBusy = expect.objectContaining({
  code: 'TENANT_BUSY',
  status: 429,
  more: { headers: { 'retry-after': '1' } },
});
const busy = expect.objectContaining({ code: 'BUSY', status: 503, more: { headers: { 'retry-after': '1' } } });

function budgetOf() {
  const refused: Refusal[] = [];
  return { refused, ...{ budget: createBudget(limits, (by) => refused.push(by)) } };
}

it('counts the requests of a tenant, and of all', () => {
  const { budget, refused } = budgetOf();
  const [first] = [budget.take('acme', 0), budget.take('acme', 0)];
  expect(() => budget.take('acme', 0)).toThrow(tenantBusy);
  budget.take('globex', 0);
  expect(() => budget.take('initech', 0)).toThrow(busy);
  expect(refused).toEqual(['tenant', 'all']);
  first.release();
  first.release(); // does nothing
  budget.take('initech', 0);
  expect(() => budget.take('acme', 0)).toThrow(busy);
  expect(budget.load).toEqual({ requests: 3, bytes: 0 });
});

it('counts the bytes of a tenant, and of all, and nothing of what it refuses', () => {
  const { budget } = budgetOf();
  const first = budget.take('acme', 50);
  expect(() => budget.take('acme', 11)).toThrow(tenantBusy);
  const second = budget.take('globex', 50);
  expect(() => budget.take('initech', 1)).toThrow(busy);
  expect(budget.load).toEqual({ requests: 2, bytes: 100 });
  first.release();
  second.release();
  expect(budget.load).toEqual({ requests: 0, bytes: 0 });
  budget.take('acme', 60);
});

it('counts a body that grows', () => {
  const { budget } = budgetOf();
  const share = budget.take('acme', 10);
  share.grow(5); // it holds more
  share.grow(60);
  expect(budget.load.bytes).toBe(60);
  expect(() => share.grow(61)).toThrow(tenantBusy);
  budget.take('globex', 40);
  share.release();
  expect(budget.load).toEqual({ requests: 1, bytes: 40 });
});
