/** The number of dimensions is chosen before the first migration, from 1 to what an HNSW index can hold. */
import { expect, it } from 'vitest';
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

it('any other number is refused, with what to do', async () => {
  await expect(createEmbedded({ dimensions: 4001 })).rejects.toMatchObject({
    message: 'the number of embedding dimensions is expected to be 1 to 4000',
    hint: expect.stringContaining('.gmrc'),
  });
});
