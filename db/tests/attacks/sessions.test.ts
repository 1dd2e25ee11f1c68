/** Attacks that need a login, the end of a transaction, or two connections at once. The ids are those of README.md. */
import postgres, { type Sql, type TransactionSql } from 'postgres';
import { describe, expect, inject, it } from 'vitest';
import { setTenant } from '../../../src/client/tenant.js';
import { bootstrapSql } from '../engine/migrations.js';
import { needs, poolOptions } from '../engine/session.js';
import { useSession } from '../engine/use-session.js';

const engine = inject('engine');
const servers = ['docker', 'url'] as const;
const session = useSession({ max: 1, seed: true });

const seen = async (sql: Sql | TransactionSql) => {
  const rows = await sql<{ tenant_id: string }[]>`select distinct tenant_id from ragwall.documents`;
  return rows.map((row) => row.tenant_id);
};

const seenBy = (sql: Sql, tenant: string) =>
  sql.begin(async (tx) => {
    await setTenant(tx, tenant);
    return seen(tx);
  });

const insert = (tx: TransactionSql | Sql, n: number) =>
  tx`insert into ragwall.documents (id, content, embedding, embedding_model)
    values (tests.id(${n}), 'new', tests.vec(0), 'test')`;

/** Runs `fn` on a new connection of the application or the administrator, and closes it. */
async function connected<T>(
  fn: (sql: Sql) => Promise<T>,
  url = engine.appUrl,
  connection: Record<string, string> = {},
): Promise<T> {
  const sql = postgres(url ?? '', { ...poolOptions, max: 1, onnotice: () => {}, connection });
  try {
    return await fn(sql);
  } finally {
    await sql.end();
  }
}

/** The two settings, with their values, of a transaction that is bound to acme. */
const bound = (sql: Sql) =>
  sql.begin(async (tx) => {
    await setTenant(tx, 'acme');
    expect(await seen(tx)).toEqual(['acme']);
    const [row] = await tx<{ tenant: string; seal: string }[]>`
      select current_setting('app.current_tenant') as tenant, current_setting('app.tenant_seal') as seal`;
    return row as { tenant: string; seal: string };
  });

describe('who the application is', () => {
  it('A12: it cannot log in as another', async (context) => {
    needs(context, engine, servers, 'a login');
    await expect(session.app`set session authorization ragwall_owner`).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining('permission denied to set session authorization'),
    });
  });

  it.for([
    ['A12b', 'ragwall_owner'],
    ['J11', 'ragwall_context'],
  ] as const)('%s: it cannot become %s, and a member could', async ([, role]) => {
    const become = () => session.app.begin((tx) => tx.unsafe(`set local role ${role}`));
    const [login] = await session.app<{ name: string }[]>`select session_user as name`;
    await expect(become()).rejects.toMatchObject({ code: '42501', message: `permission denied to set role "${role}"` });
    await session.admin((sql) => sql.unsafe(`grant ${role} to ${login?.name}`));
    try {
      await become();
    } finally {
      await session.admin((sql) => sql.unsafe(`revoke ${role} from ${login?.name}`));
    }
  });
});

describe('what is left of the context of acme', () => {
  it.for([
    ['B04', 'set for the session', "set app.current_tenant = 'acme'"],
    ['B05', 'set by a function', "select set_config('app.current_tenant', 'acme', false)"],
    [
      'B06b',
      'then SET LOCAL outside a transaction',
      "set app.current_tenant = 'acme'; set local app.current_tenant = 'globex'",
    ],
    ['B07', 'with its seal', 'seal'],
    ['J07d', 'with its seal, for the transaction', 'local seal'],
  ] as const)('%s: %s: is void in the next transaction', async ([, , leave]) => {
    const { tenant, seal } = await bound(session.app);
    const local = leave === 'local seal';
    const keep = (tx: Sql | TransactionSql) => tx`
      select set_config('app.current_tenant', ${tenant}, ${local}),
        set_config('app.tenant_seal', ${seal}, ${local})`;
    try {
      if (leave === 'seal') await keep(session.app);
      else if (!local) await session.app.unsafe(leave);
      const next = await session.app.begin(async (tx) => {
        if (local) await keep(tx);
        return [await seen(tx), await tx`select ragwall.current_tenant() as tenant`];
      });
      expect(next).toEqual([[], [{ tenant: null }]]);
      expect(await seen(session.app)).toEqual([]);
      expect(await seenBy(session.app, 'globex')).toEqual(['globex']);
    } finally {
      await session.app`reset app.current_tenant`;
      await session.app`reset app.tenant_seal`;
    }
  });

  it('B06, J08f: nothing, after the statement or the transaction that bound it', async () => {
    expect(await session.app`select ragwall.set_tenant('acme') as tenant`).toEqual([{ tenant: 'acme' }]);
    expect(await seen(session.app)).toEqual([]);
    await bound(session.app);
    expect(await seen(session.app)).toEqual([]);
  });

  it('J07c: its seal is void on another connection at the same time', async (context) => {
    needs(context, engine, servers, 'two connections');
    const others = await session.app.begin(async (tx) => {
      await setTenant(tx, 'acme');
      const [row] = await tx`select current_setting('app.tenant_seal') as seal`;
      const replay = (sql: Sql | TransactionSql) => sql`
        select set_config('app.current_tenant', 'acme', true),
          set_config('app.tenant_seal', ${row?.seal}, true)`;
      await replay(tx);
      expect(await seen(tx)).toEqual(['acme']);
      return connected((sql) =>
        sql.begin(async (other) => {
          await replay(other);
          return seen(other);
        }),
      );
    });
    expect(others).toEqual([]);
  });

  // Two transactions in one message of the simple protocol have the same start time, and the seal depends on it.
  it.for([
    ['J07e', 'it ends with its transaction though the next is in the same message', '', null],
    [
      'J07e',
      'open: SQL that carries the seal over binds that next one again',
      "select set_config('app.current_tenant', 'acme', true), set_config('app.tenant_seal', current_setting('app.kept'), true);",
      'acme',
    ],
  ] as const)('%s: %s', async ([, , replay, tenant]) => {
    const results = await session.app
      .unsafe(
        `begin; select ragwall.set_tenant('acme');
        select set_config('app.kept', current_setting('app.tenant_seal'), false); commit;
        begin; ${replay} select ragwall.current_tenant() as tenant; commit; reset app.kept`,
      )
      .simple();
    expect((results as unknown as { tenant?: string | null }[][]).flat()).toContainEqual({ tenant });
  });
});

describe('a tenant that a connection starts with', () => {
  const preset = (sql: Sql) =>
    Promise.all([sql`select current_setting('app.current_tenant', true) as tenant`, seen(sql)]);

  it('B02b: without one, a new connection reads and adds nothing', async (context) => {
    needs(context, engine, servers, 'a new connection');
    await connected(async (sql) => {
      expect(await preset(sql)).toEqual([[{ tenant: null }], []]);
      await expect(insert(sql, 900)).rejects.toMatchObject({ code: 'RW001' });
      expect(await seenBy(sql, 'globex')).toEqual(['globex']);
    });
  });

  it('B09: set by the client, it has no effect', async (context) => {
    needs(context, engine, servers, 'a new connection');
    const options = { options: '-c app.current_tenant=acme -c app.tenant_seal=x' };
    await connected(
      async (sql) => {
        expect(await preset(sql)).toEqual([[{ tenant: 'acme' }], []]);
        expect(await seenBy(sql, 'globex')).toEqual(['globex']);
      },
      engine.appUrl,
      options,
    );
  });

  it('B09b: PgBouncer does not even pass it on', async (context) => {
    needs(context, engine, ['docker'], 'PgBouncer');
    const options = { options: '-c app.current_tenant=acme' };
    await expect(connected(preset, engine.poolerUrl, options)).rejects.toThrow(
      'unsupported startup parameter in options: app.current_tenant',
    );
    expect(await connected((sql) => seenBy(sql, 'globex'), engine.poolerUrl)).toEqual(['globex']);
  });

  it('B10: set by the administrator, it has no effect', async (context) => {
    needs(context, engine, servers, 'a new connection');
    const database = (change: string) =>
      session.admin((sql) =>
        sql.unsafe(`do $$ begin execute format('alter database %I ${change}', current_database()); end $$`),
      );
    await database("set app.current_tenant = ''acme''");
    try {
      await connected(async (sql) => {
        expect(await preset(sql)).toEqual([[{ tenant: 'acme' }], []]);
        await sql`discard all`;
        expect(await preset(sql)).toEqual([[{ tenant: 'acme' }], []]);
      });
    } finally {
      await database('reset app.current_tenant');
    }
  });
});

describe('two at once', () => {
  it('C12: nobody prepares a transaction that another could end', async (context) => {
    needs(context, engine, ['docker', 'embedded'], 'a server with our settings');
    const prepared = session.app.unsafe("begin; select 1; prepare transaction 'ingest'").simple();
    await expect(prepared).rejects.toMatchObject({ code: '55000' });
    await session.app`rollback`;
    expect(await seenBy(session.app, 'globex')).toEqual(['globex']);
  });

  it('D03: a key that acme has not committed is free, and for acme itself it is not', async (context) => {
    needs(context, engine, servers, 'two connections');
    const rolledBack = new Error('rolled back');
    const meanwhile = (tenant: string) =>
      connected((sql) =>
        sql.begin(async (tx) => {
          await tx`set local lock_timeout = '300ms'`;
          await setTenant(tx, tenant);
          await insert(tx, 900);
          throw rolledBack;
        }),
      ).catch((error: { code?: string }) => error.code ?? error);
    const outcomes = session.app.begin(async (tx) => {
      await setTenant(tx, 'acme');
      await insert(tx, 900);
      const both = [await meanwhile('globex'), await meanwhile('acme')];
      expect(both).toEqual([rolledBack, '55P03']);
      throw rolledBack;
    });
    await expect(outcomes).rejects.toBe(rolledBack);
  });

  it('D14b: of a statement with parameters others see no values, and of one with literals they do', async (context) => {
    needs(context, engine, servers, 'two connections');
    const shown = (sql: Sql, text: string) => sql`
      select query from pg_stat_activity where query like ${`%${text}%`} and pid <> pg_backend_pid()`;
    await connected((other) =>
      session.app.begin(async (tx) => {
        await tx`select ${'secret value'}::text as hidden`;
        expect(await shown(other, 'secret value')).toEqual([]);
        expect(await shown(other, 'as hidden')).toHaveLength(1);
        await tx.unsafe("select 'secret literal'");
        expect(await shown(other, 'secret literal')).toHaveLength(1);
      }),
    );
  });
});

describe('in bulk', () => {
  const copied = async (tx: TransactionSql, statement: string) => {
    let text = '';
    for await (const chunk of await tx.unsafe(statement).readable()) text += chunk;
    return text;
  };

  it('E19: COPY reads what a query reads', async () => {
    const texts = await session.app.begin(async (tx) => {
      await setTenant(tx, 'globex');
      return [
        await copied(tx, 'copy (select content from ragwall.documents order by position) to stdout'),
        await copied(tx, 'copy ragwall.documents to stdout').catch((e: Error) => e.message),
      ];
    });
    expect(texts[0]).toBe('globex secret 0\nglobex secret 1\nglobex secret 2\n');
    expect(texts[1]).not.toContain('acme');
  });

  it('E19b: COPY writes nothing', async () => {
    const written = session.app.begin(async (tx) => {
      await setTenant(tx, 'globex');
      await tx.unsafe('copy ragwall.documents (content, embedding, embedding_model) from stdin');
    });
    await expect(written).rejects.toMatchObject({
      code: '0A000',
      message: 'COPY FROM not supported with row-level security',
    });
  });
});

describe('temporary objects', () => {
  const mayCreate = async (tx: TransactionSql) => {
    const [row] = await tx`
      select has_database_privilege('app_user', current_database(), 'temporary') as granted`;
    return row?.granted;
  };

  it('K05: a clone that lost the revoke has it again after db/bootstrap.sql', async () => {
    const rolledBack = new Error('rolled back');
    const bootstrap = await bootstrapSql();
    const cloned = session.admin((sql) =>
      sql.begin(async (tx) => {
        await tx.unsafe(
          "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
        );
        expect(await mayCreate(tx)).toBe(true);
        await tx.unsafe(bootstrap);
        expect(await mayCreate(tx)).toBe(false);
        throw rolledBack;
      }),
    );
    await expect(cloned).rejects.toBe(rolledBack);
  });
});
