/** Every function that a login may execute answers every input correctly, or with an SQLSTATE of ours or of bad data. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { TransactionSql } from 'postgres';
import { expect, inject, it } from 'vitest';
import { argument, vector } from './bad-arguments.js';
import { fuzz, isText, outcome, text, texts } from './bad-input.js';
import { needs, rolledBack } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const search = async (tx: TransactionSql, filter = '{}') => {
  const rows = await tx`
    select content from ragwall.match_documents(${vector(1)}::text::public.halfvec, 10, ${filter}::text::jsonb)`;
  return rows.map((row) => row.content);
};

const session = useSession({ seed: true });

/** Returns the outcome of `act` as a role, bound to a tenant or to none, in a transaction that is rolled back. */
function as<T>(role: string, tenant: string | null, act: (tx: TransactionSql) => Promise<T>) {
  return outcome(() =>
    session.admin((sql) =>
      rolledBack(sql, async (tx) => {
        await tx`select tests.become(${tenant})`;
        await tx.unsafe(`set local role ${role}`);
        return act(tx);
      }),
    ),
  );
}

it('every function, as each role that may execute it, answers or raises a documented error', async () => {
  const functions = await session.admin(
    (sql) => sql<{ name: string; types: string[]; roles: string[] }[]>`
      select p.oid::regproc::text as name, array_agg(r.rolname::text) as roles,
        array(
          select format_type(t, null) from unnest(p.proargtypes) with ordinality as u (t, n) order by n
        ) as types
      from pg_proc as p
      join pg_roles as r on r.rolname in ('app_user', 'app_reader', 'agent_reader', 'agent_caller')
        and has_function_privilege(r.oid, p.oid, 'execute')
      where p.pronamespace = 'ragwall'::regnamespace
      group by p.oid
      order by p.oid::regprocedure::text`,
  );
  const codes = new Set<string | undefined>();
  let read = false;
  for (const { name, types, roles } of functions) {
    const list = types.map((type) => fc.option(argument[type] ?? fc.constant(''), { freq: 20 }));
    expect(types.filter((type) => !(type in argument))).toEqual([]);
    const text = `select * from ${name}(${types.map((type, i) => `$${i + 1}::text::${type}`)})`;
    const tenant = fc.option(fc.constant('acme'), { freq: 5 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...roles), tenant, fc.tuple(...list), async (role, tenant, list) => {
        const { is, code } = await as(role, tenant, (tx) => tx.unsafe(text, list));
        codes.add(code);
        const said = JSON.stringify(is) ?? '';
        expect(said).not.toMatch(/(globex|acm|acme-2) secret/);
        read ||= said.includes('acme secret');
      }),
      fuzz(types.length === 0 ? 5 : 70),
    );
    const { is } = await as(roles.includes('app_user') ? 'app_user' : 'app_reader', 'acme', search);
    expect(is).toEqual(['acme secret 0', 'acme secret 1', 'acme secret 2']);
  }
  expect(read).toBe(true);
  expect([...codes]).toEqual(expect.arrayContaining([undefined, 'RW001', 'RW104', 'RW202']));
});

it('names, ids and the test of a tenant id equal those computed here', () => {
  const sha256 = (...parts: (string | Buffer)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const documentId = (tenant: string, source: string, position: number) => {
    const numbers = Buffer.alloc(8);
    numbers.writeInt32BE(Buffer.byteLength(tenant));
    numbers.writeInt32BE(position, 4);
    const hash = sha256(numbers, tenant, source);
    hash.writeUInt8((hash.readUInt8(6) & 15) | 128, 6);
    hash.writeUInt8((hash.readUInt8(8) & 63) | 128, 8);
    return hash.toString('hex', 0, 16);
  };
  const word = fc.oneof(text, fc.constantFrom(...texts)).filter(isText);
  return fc.assert(
    fc.asyncProperty(word, word, fc.integer(), async (tenant, source, position) => {
      const { is } = await as('app_user', null, async (tx) => {
        const [row] = await tx`
          select ragwall.is_tenant_id(${tenant}) as valid,
            replace(ragwall.document_id(${tenant}, ${source}, ${position})::text, '-', '') as id`;
        return row;
      });
      expect(is).toEqual({
        valid: /^[!-~]{1,128}$/.test(tenant),
        id: documentId(tenant, source, position),
      });
    }),
    fuzz(100),
  );
});

it('no value written into the settings of the context binds a tenant', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(text, fc.constant('acme')), text, async (tenant, seal) => {
      const { is, code } = await as('app_user', null, async (tx) => {
        await tx`select set_config('app.current_tenant', ${tenant}, true),
          set_config('app.tenant_seal', ${seal}, true)`;
        return tx`select ragwall.current_tenant() as tenant, (select count(*) from ragwall.documents)::int as n`;
      });
      const sent = !`${tenant}${seal}`.includes('\0');
      expect(is ?? code).toEqual(sent ? [{ tenant: null, n: 0 }] : '22021');
    }),
    fuzz(60),
  ));

it('ragwall.search_table_from is a whole number from 1, or RW301', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(text, fc.nat().map(String), fc.constant('')), async (from) => {
      const { is, code } = await as('postgres', null, async (tx) => {
        await tx`select set_config('ragwall.search_table_from', ${from}, true)`;
        return tx`select ragwall.index_plan()`;
      });
      const valid = from === '' || (/^\d{1,9}$/.test(from) && Number(from) > 0);
      expect(is ? 'a plan' : code).toBe(valid ? 'a plan' : from.includes('\0') ? '22021' : 'RW301');
    }),
    { ...fuzz(60), examples: [['0'], ['1'], [' 5'], ['999999999'], ['1000000000'], ['1e3'], ['٣']] },
  ));

it('JSON that is nested too deep is refused by a limit', async (context) => {
  needs(context, inject('engine'), ['docker', 'url'], 'a stack that is measured');
  for (const depth of [1_000, 10_000, 100_000]) {
    const deep = `${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}`;
    const asked = await as('app_user', 'acme', (tx) => search(tx, deep));
    expect(asked.code ?? asked.is).toBe(depth > 10_000 ? '54001' : 'RW108');
  }
});
