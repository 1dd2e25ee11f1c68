-- The usual design, in a database without Ragwall.
create extension if not exists vector;
create role app_user login;

create table documents (
  id uuid primary key default gen_random_uuid(),
  tenant_id text not null,
  content text not null,
  embedding vector(3),
  metadata jsonb,
  created_at timestamptz default now()
);
create index on documents using ivfflat (embedding vector_cosine_ops) with (lists = 10);
create index on documents (tenant_id);
create index on documents (created_at);

alter table documents enable row level security;
create policy tenant_isolation on documents using (tenant_id = current_setting('app.current_tenant', true));
grant select, insert, update, delete on documents to app_user;

create table chats (
  id bigserial primary key,
  tenant_id text not null,
  document_id uuid references documents on delete cascade
);
grant all on chats to app_user;
create view recent_chats as select * from chats;
grant select on recent_chats to app_user;
create function find_documents(wanted vector) returns setof documents language sql stable
  as 'select * from documents order by embedding <=> wanted limit 5';
