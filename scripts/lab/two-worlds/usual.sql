-- The usual design under the names of Ragwall, so that the same statements run on it. Its worlds have to be told apart.
create schema ragwall;
grant usage on schema ragwall to app_user;

create table ragwall.documents (
  tenant_id text not null default current_setting('app.current_tenant'),
  id uuid primary key default gen_random_uuid(),
  source text,
  position integer,
  content text not null,
  embedding halfvec(8) not null,
  embedding_model text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (source, position)
);
create index on ragwall.documents (tenant_id);
create index on ragwall.documents using hnsw (embedding halfvec_cosine_ops);
alter table ragwall.documents enable row level security;
create policy tenant_isolation on ragwall.documents
  using (tenant_id = current_setting('app.current_tenant', true));
grant select, insert, update, delete on ragwall.documents to app_user;

create function ragwall.set_tenant(tenant text)
  returns text
  language sql
  return set_config('app.current_tenant', tenant, true);

create function ragwall.match_documents(query_embedding halfvec, match_count integer, filter jsonb default null)
  returns table (tenant_id text, id uuid, content text, metadata jsonb, similarity double precision)
  language sql
  stable
  -- As the planner does of itself once the table is large: takes the index.
  set enable_sort = off
begin atomic
  select d.tenant_id, d.id, d.content, d.metadata, 1 - (d.embedding <=> query_embedding)
  from ragwall.documents as d
  where filter is null or d.metadata @> filter
  order by d.embedding <=> query_embedding
  limit match_count;
end;
