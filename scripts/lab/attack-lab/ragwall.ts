/** Ragwall, through its client. */

import type { Session } from '../../../db/tests/engine/session.js';
import { vectorText } from '../../../src/client/vector.js';
import { forTenant, setTenant, type Vector } from '../../../src/index.js';
import { asJson, buffersOf, type Store } from './store.js';

export async function ragwallStore({ app, admin }: Session): Promise<Store> {
  const [{ width } = { width: 0 }] = await admin(
    (sql) => sql<{ width: number }[]>`select ragwall.embedding_dimensions() as width`,
  );
  const filledUp = (vector: Vector) => [...vector, ...Array<number>(width - vector.length).fill(0)];
  const as = (tenant: string) => forTenant(app, tenant, { dimensions: width });
  const runPlan = (graphFrom: number, wanted: (statement: string) => boolean) =>
    admin(async (sql) => {
      await sql.unsafe(`set ragwall.graph_from = ${graphFrom}`);
      const plan = await sql<{ statement: string }[]>`select ragwall.index_plan() as statement`;
      for (const { statement } of plan) if (wanted(statement)) await sql.unsafe(statement);
      await sql`reset ragwall.graph_from`;
    });
  const store: Store = {
    name: 'Ragwall',
    async put(tenant, documents) {
      await as(tenant).upsertDocuments(
        documents.map(({ id, vector }) => ({
          id,
          content: id,
          metadata: {},
          embedding: filledUp(vector),
          embeddingModel: 'lab',
        })),
      );
    },
    remove: async (tenant, ids) => void (await as(tenant).deleteDocuments({ ids })),
    async search(tenant, vector, k) {
      const found = await as(tenant).matchDocuments(filledUp(vector), { k });
      return found.map(({ id, similarity }) => ({ id, similarity }));
    },
    work: (tenant, vector, k) =>
      app.begin(async (tx) => {
        await setTenant(tx, tenant);
        const text = vectorText(filledUp(vector));
        return buffersOf(tx, `select * from ragwall.match_documents('${text}', ${k})`);
      }),
    async fill(tenants) {
      const rows = asJson(tenants, (vector) => vectorText(filledUp(vector)));
      await admin(
        (sql) => sql`
          insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
          select tenant_id, id, id, embedding, 'lab'
          from json_to_recordset(${rows}::text::json)
            as d (tenant_id text, id uuid, embedding public.halfvec)`,
      );
    },
    async build(...tenants) {
      const names = await admin(
        (sql) => sql<{ name: string }[]>`
          select ragwall.graph_name(tenant) as name
          from json_array_elements_text(${JSON.stringify(tenants)}::text::json) as tenant`,
      );
      await runPlan(1, (statement) => names.some(({ name }) => statement.includes(name)));
    },
    async beside(tenant, wish) {
      const [found] = await admin(
        (sql) => sql<{ name: string }[]>`
          select s.name
          from generate_series(0, 31) as r, (
            select ${wish}::text || n as name from generate_series(0, 999) as n
          ) as s
          where satisfies_hash_partition('ragwall.documents'::regclass, 32, r, ${tenant}::text)
            and satisfies_hash_partition('ragwall.documents'::regclass, 32, r, s.name)
          limit 1`,
      );
      if (!found) throw new Error('none of a thousand names lies in the partition');
      return found.name;
    },
    async clear() {
      await admin((sql) => sql`delete from ragwall.documents`);
      await runPlan(1000, () => true);
    },
    end: () => store.clear(),
  };
  return store;
}
