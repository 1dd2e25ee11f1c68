/** What is chosen before the first migration: the number of dimensions, the schema of the extension, names of roles. */
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbedded } from './engine/embedded.js';

it.each([3, 3072, 4000])('documents of %i dimensions are stored, indexed and found', async (dimensions) => {
  const db = await createEmbedded({ dimensions });
  try {
    await db.exec(
      `set ragwall.search_table_from = 10; begin; set local role app_user; select ragwall.set_tenant('acme')`,
    );
    const vector = (n: number) => `[${Array.from({ length: dimensions }, (_, i) => Math.sin(i + n))}]`;
    for (let n = 0; n < 12; n += 1) {
      const [document] = [{ source: 's', position: n, content: `${n}`, embedding: vector(n), embedding_model: 'm' }];
      await db.query('select ragwall.upsert_documents($1)', [JSON.stringify([document])]);
    }
    await db.exec('commit');
    const plan = await db.query<{ statement: string }>('select ragwall.index_plan() as statement');
    for (const { statement } of plan.rows) await db.exec(`begin; ${statement}; commit`);
    const built = await db.query('select documents from ragwall.search_tables');
    expect(built.rows).toEqual([{ documents: 12 }]);
    await db.exec(`begin; set local role app_user; select ragwall.set_tenant('acme')`);
    const found = await db.query(`select content from ragwall.match_documents($1, 1)`, [vector(5)]);
    expect(found.rows).toEqual([{ content: '5' }]);
    await db.exec('rollback');
    const differs = `select id, object, evidence from ragwall.audit() where id between 'M06' and 'M12' and status <> 'pass'`;
    expect((await db.query(differs)).rows).toEqual([]);
  } finally {
    await db.close();
  }
});

describe('an extension in a schema of another name, and roles of other names', () => {
  let db: PGlite;
  const differs = async () =>
    (
      await db.query(
        `select id, object, evidence, remedy from ragwall.audit() where id between 'M06' and 'M12' and status <> 'pass'`,
      )
    ).rows;

  beforeAll(async () => {
    const roles = { app_user: 'kb_user', agent_caller: 'kb_robot' };
    db = await createEmbedded({ dimensions: 3, vectorSchema: 'extensions', roles });
  });
  afterAll(() => db.close());

  it('are searched and stored', async () => {
    await db.exec(`begin; set local role kb_user; select ragwall.set_tenant('acme')`);
    const document = { source: 's', position: 0, content: 'x', embedding: [1, 0, 0], embedding_model: 'm' };
    await db.query('select ragwall.upsert_documents($1)', [JSON.stringify([document])]);
    const found = await db.query('select content from ragwall.match_documents($1, 1)', ['[1,0,0]']);
    expect(found.rows).toEqual([{ content: 'x' }]);
    await db.exec('commit');
  });

  it('leave nothing named otherwise', async () => {
    const { rows } = await db.query(`
      select rolname from pg_roles where rolname in ('app_user', 'agent_caller')
      union all
      select extnamespace::regnamespace::text from pg_extension where extname = 'vector'`);
    expect(rows).toEqual([{ rolname: 'extensions' }]);
    await db.exec(`select ragwall.grant_login('api', 'kb_user')`);
    await expect(db.exec(`select ragwall.grant_login('api', 'app_user')`)).rejects.toMatchObject({ code: 'RW010' });
  });

  it('are as released for the audit, which notices a function of the other schema', async () => {
    expect(await differs()).toEqual([]);
    const name = 'ragwall.refuse_search(extensions.halfvec, integer)';
    const { rows } = await db.query<{ sql: string }>('select pg_get_functiondef($1::regprocedure) as sql', [name]);
    await db.exec('begin; create function public.l2_norm(extensions.halfvec) returns float8 return 1');
    await db.exec(`${rows[0]?.sql.replace('extensions.l2_norm', 'public.l2_norm')}`);
    const finding = { id: 'M06', object: name, evidence: expect.stringContaining('body'), remedy: expect.anything() };
    expect(await differs()).toEqual([finding]);
    await db.exec('rollback');
  });
});

it('any other number is refused, with what to do', async () => {
  await expect(createEmbedded({ dimensions: 4001 })).rejects.toMatchObject({
    message: 'the number of embedding dimensions is expected to be 1 to 4000',
    hint: expect.stringContaining('.gmrc'),
  });
});
