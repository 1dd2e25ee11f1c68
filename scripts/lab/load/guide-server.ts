/**
 * The guide's retrieval service in Node. It takes the tenant from a header, opens a connection for each request, sets
 * app.current_tenant, and filters by tenant in the query. It sets the tenant for the session. The guide sets it for
 * the transaction, where it is gone before the next statement, so that no row is found.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dimensions } from '../../../db/tests/engine/dimensions.js';
import { vectorText } from '../../../src/client/vector.js';
import { lexicalEmbedder } from '../../../src/embedders/lexical.js';
import { connect, usualPolicy } from '../setup.js';

/** What a superuser runs first: the table, its policy, and the role of the service, guide_user. */
export const guideSchema = `
  create schema guide;
  create role guide_user login;
  grant usage on schema guide to guide_user;
  create table guide.documents (
    id uuid default gen_random_uuid() primary key,
    tenant_id text not null,
    content text not null,
    embedding vector(${dimensions}),
    metadata jsonb,
    created_at timestamptz default now()
  );
  create index on guide.documents (tenant_id);
  ${usualPolicy('guide.documents', 'guide_user')}`;

/** To be run when the rows are there: an IVFFlat index computes its lists from them. */
export const guideIndex =
  'create index on guide.documents using ivfflat (embedding vector_cosine_ops) with (lists = 100)';

const embedder = lexicalEmbedder({ dimensions });

async function query(tenant: string, text: string, k: number) {
  const [embedding = []] = await embedder.embed([text]);
  const vector = vectorText(embedding);
  const sql = connect(process.env.DATABASE_URL ?? '');
  try {
    await sql`select set_config('app.current_tenant', ${tenant}, false)`;
    return await sql`
      select content, metadata, 1 - (embedding <=> ${vector}::vector) as similarity
      from guide.documents
      where ${process.env.GUIDE_FILTER === 'off' ? sql`true` : sql`tenant_id = ${tenant}`}
      order by embedding <=> ${vector}::vector
      limit ${k}`;
  } finally {
    await sql.end();
  }
}

if (process.argv[1]?.includes('guide-server')) {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const tenant = request.headers['x-tenant-id'];
    try {
      const { query: text, k } = JSON.parse(body);
      if (typeof tenant !== 'string' || tenant === '') response.writeHead(401).end();
      else response.end(JSON.stringify({ matches: await query(tenant, text, k) }));
    } catch {
      response.writeHead(500).end();
    }
  });
  server.listen(0, '127.0.0.1', () => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    console.log(JSON.stringify({ event: 'serving', address }));
  });
}
