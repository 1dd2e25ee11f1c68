-- protect_table() refuses each of these, accepts the table once the remedy was executed, and accepts harmless variants.
begin;
select plan(107);

create table tests.documents (tenant_id text, id integer unique, primary key (tenant_id, id));
create table tests.languages (code integer primary key);
create table tests.chunks (
  tenant_id text,
  id integer,
  document_id integer,
  content text,
  embedding public.vector(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, document_id) references tests.documents
);
create role dba login;
create role api login;
grant app_user to api;
create collation tests.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

create function tests.protect(setup text, mend boolean, call text)
  returns text
  language plpgsql
as $$
declare
  mending text;
  todo text;
begin
  execute setup;
  if mend then
    for mending in
      select f.remedy from ragwall.protection_findings('tests.chunks', 'tenant_id', false) as f where f.refused
    loop
      execute mending;
    end loop;
  end if;
  execute format('select string_agg(substr(step, 8), '' and '') from %s where step like ''to do: %%'' and step not like ''%%lock%%'' and step not like ''%%no role%%''
    and step not like ''%%PostgreSQL 16%%''', call)
  into todo;
  raise exception using errcode = 'XX999', message = coalesce('protected, but ' || todo, 'protected');
exception when others then
  return case sqlstate when 'XX999' then sqlerrm else sqlstate || ' ' || sqlerrm end;
end
$$;
comment on function tests.protect(text, boolean, text) is
  'The answer or the error of a call of protect_table() after setup and, if mend is true, after the remedies of its '
  'findings. Everything is undone.';

create function tests.protect(setup text, mend boolean)
  returns text
  language sql
  return tests.protect(setup, mend, 'ragwall.protect_table(''tests.chunks'')');

select is(tests.protect('', false), 'protected', 'control: the table can be protected as it is');

select unnest(array[
  is(
    tests.protect(setup, false),
    E'RW502 the table tests.chunks cannot be protected until this is corrected:\n- ' || replace(refusal, '; and ', E'\n- '),
    label || ' is refused'
  ),
  is(tests.protect(setup, true), 'protected', label || ' is corrected by the remedy')
])
from (
  values
    ('a tenant that is padded', 'alter table tests.chunks drop constraint chunks_tenant_id_document_id_fkey,
        alter column tenant_id type char(9)',
      'the column tenant_id is character(9): a tenant column is text or varchar with a deterministic collation, uuid, or an integer: '
        'alter table tests.chunks alter column tenant_id type text collate "C" using tenant_id::text'),
    ('a tenant whose case does not matter', 'alter table tests.chunks drop constraint chunks_tenant_id_document_id_fkey,
        alter column tenant_id type text collate tests.caseless',
      'the column tenant_id is text: a tenant column is text or varchar with a deterministic collation, uuid, or an integer: '
        'alter table tests.chunks alter column tenant_id type text collate "C" using tenant_id::text'),
    ('a tenant that is computed', 'drop table tests.chunks; create table tests.chunks (
        name text, tenant_id text generated always as (lower(name)) stored, primary key (tenant_id))',
      'the column tenant_id is generated: a tenant column is text or varchar with a deterministic collation, uuid, or an integer: '
        'alter table tests.chunks alter column tenant_id drop expression'),
    ('a foreign key to a bare id', 'alter table tests.chunks add constraint f foreign key (document_id)
        references tests.documents (id) on delete set null',
      'the foreign key f of tests.chunks names a row of tests.documents without its tenant: '
        'alter table tests.chunks drop constraint f; alter table tests.chunks add constraint f '
        'foreign key (tenant_id, document_id) references tests.documents (tenant_id, id) ON DELETE SET NULL (document_id)'),
    ('a foreign key from elsewhere', 'create table tests.notes (tenant_id text, author text, chunk integer,
        constraint f foreign key (author, chunk) references tests.chunks on delete cascade)',
      'the foreign key f of tests.notes names a row of tests.chunks without its tenant: '
        'alter table tests.notes drop constraint f; alter table tests.notes add constraint f '
        'foreign key (tenant_id, chunk) references tests.chunks (tenant_id, id) ON DELETE CASCADE'),
    ('a foreign key to itself', 'alter table tests.chunks
        add constraint f foreign key (content, document_id) references tests.chunks (tenant_id, id)',
      'the foreign key f of tests.chunks names a row of tests.chunks without its tenant: '
        'alter table tests.chunks drop constraint f; alter table tests.chunks add constraint f '
        'foreign key (tenant_id, document_id) references tests.chunks (tenant_id, id)'),
    ('a primary key on a bare id', 'alter table tests.chunks drop constraint chunks_pkey, add constraint p primary key (id)',
      'the key p is unique across tenants, so that errors tell what other tenants have: '
        'alter table tests.chunks drop constraint p, add constraint p PRIMARY KEY (tenant_id, id)'),
    ('a unique key over all', 'alter table tests.chunks add constraint u unique nulls not distinct (id, content)',
      'the key u is unique across tenants, so that errors tell what other tenants have: '
        'alter table tests.chunks drop constraint u, add constraint u UNIQUE NULLS NOT DISTINCT (tenant_id, id, content)'),
    ('a unique index over all', 'create unique index "a (i" on tests.chunks (md5(content)) include (tenant_id) where id > 0',
      'the index tests."a (i" is unique across tenants, so that errors tell what other tenants have: drop index tests."a (i"; '
        'CREATE UNIQUE INDEX "a (i" ON tests.chunks USING btree (tenant_id, md5(content)) INCLUDE (tenant_id) WHERE (id > 0)'),
    ('a unique index of two tenants', 'create unique index i on tests.chunks (id) where tenant_id = ''a'' or tenant_id = ''b''',
      'the index tests.i is unique across tenants, so that errors tell what other tenants have: drop index tests.i; '
        'CREATE UNIQUE INDEX i ON tests.chunks USING btree (tenant_id, id) WHERE ((tenant_id = ''a''::text) OR (tenant_id = ''b''::text))'),
    ('a unique index of all tenants but one', 'create unique index i on tests.chunks (id) where (tenant_id = ''a'') is not true',
      'the index tests.i is unique across tenants, so that errors tell what other tenants have: drop index tests.i; '
        'CREATE UNIQUE INDEX i ON tests.chunks USING btree (tenant_id, id) WHERE ((tenant_id = ''a''::text) IS NOT TRUE)'),
    ('a unique index of the tenants behind one', 'create unique index i on tests.chunks (id) where tenant_id > ''a''',
      'the index tests.i is unique across tenants, so that errors tell what other tenants have: drop index tests.i; '
        'CREATE UNIQUE INDEX i ON tests.chunks USING btree (tenant_id, id) WHERE (tenant_id > ''a''::text)'),
    ('a vector index on a default partition', 'drop table tests.chunks;
        create table tests.chunks (tenant_id text, id integer, embedding public.vector(3), primary key (tenant_id, id))
          partition by list (tenant_id);
        create table tests.rest partition of tests.chunks default;
        create index i on tests.chunks using hnsw (embedding public.vector_l2_ops)',
      'the index tests.i is approximate and has the rows of all tenants: create one for each tenant, where tenant_id = …, or none: drop index tests.i'),
    ('an exclusion over all', 'alter table tests.chunks add constraint x exclude using btree (content with =)',
      'the key x is unique across tenants, so that errors tell what other tenants have: '
        'alter table tests.chunks drop constraint x, add constraint x EXCLUDE USING btree (tenant_id WITH =, content WITH =)'),
    ('an exclusion that compares tenants', 'create operator class tests.differing for type text using hash as operator 1 <>, function 1 hashtext(text);
        alter table tests.chunks add constraint x exclude using hash (tenant_id tests.differing with <>)',
      'the key x compares rows of tenants with those of others: alter table tests.chunks drop constraint x'),
    ('a foreign key from a table without tenants', 'create unique index i on tests.chunks (id, content);
        create table tests.likes (id integer, content text, constraint f foreign key (id, content) references tests.chunks (id, content))',
      'the foreign key f of tests.likes, where no tenant column is recognised, names rows of tests.chunks: '
        'alter table tests.likes drop constraint f; and '
        'the index tests.i is unique across tenants, so that errors tell what other tenants have: drop index tests.i; '
        'CREATE UNIQUE INDEX i ON tests.chunks USING btree (tenant_id, id, content)'),
    ('an HNSW index over all', 'create index i on tests.chunks using hnsw (embedding public.vector_l2_ops)',
      'the index tests.i is approximate and has the rows of all tenants: create one for each tenant, where tenant_id = …, or none: drop index tests.i'),
    ('lists over all', 'create index i on tests.chunks using ivfflat (embedding public.vector_cosine_ops) where id > 0',
      'the index tests.i is approximate and has the rows of all tenants: create one for each tenant, where tenant_id = …, or none: drop index tests.i'),
    ('a permissive policy', 'create policy "a policy" on tests.chunks using (tenant_id = current_setting(''app.current_tenant''))',
      'the permissive policy "a policy" of tests.chunks lets more rows through: drop policy "a policy" on tests.chunks'),
    ('a rule', 'create rule "a rule" as on delete to tests.chunks do instead nothing',
      'the rule "a rule" of tests.chunks rewrites statements: drop rule "a rule" on tests.chunks'),
    ('statistics on several columns', 'create statistics tests."a b" on id, content from tests.chunks',
      'from the statistics object "a b" explain tells values of other tenants: drop statistics tests."a b"'),
    ('a view with a superuser''s rights', 'create view tests.v as select * from tests.chunks; grant select on tests.v to app_user',
      'tests.v shows the rows of all tenants to other roles: alter view tests.v set (security_invoker = true)'),
    ('a view of that kind on another', 'create view tests.v with (security_invoker = true) as select * from tests.chunks;
        create view tests."a w" as select * from tests.v; grant select on tests."a w" to public',
      'tests."a w" shows the rows of all tenants to other roles: alter view tests."a w" set (security_invoker = true)'),
    ('a materialized view', 'create materialized view tests.m as select * from tests.chunks; grant select on tests.m to app_reader',
      'tests.m shows the rows of all tenants to other roles: drop materialized view tests.m'),
    ('a foreign partition', 'drop table tests.chunks; create foreign data wrapper w; create server s foreign data wrapper w;
        create table tests.chunks (tenant_id text, id integer) partition by list (tenant_id);
        create index on only tests.chunks (tenant_id);
        create foreign table tests.f partition of tests.chunks for values in (''acme'') server s',
      'the partition tests.f is a foreign table, which has no row-level security: '
        'alter table tests.chunks detach partition tests.f'),
    ('an index on partitions of many tenants', 'drop table tests.chunks;
        create table tests.chunks (tenant_id text, id integer, embedding public.vector(3), primary key (tenant_id, id))
          partition by list (tenant_id);
        create table tests.one partition of tests.chunks for values in (''initech'');
        create table tests.some partition of tests.chunks for values in (''acme'', ''globex'');
        create index i on tests.chunks using hnsw (embedding public.vector_l2_ops)',
      'the index tests.i is approximate and has the rows of all tenants: create one for each tenant, where tenant_id = …, or none: drop index tests.i'),
    ('a foreign key of partitions', 'drop table tests.chunks;
        create table tests.chunks (tenant_id text, id integer,
          constraint f foreign key (id) references tests.documents (id) on delete cascade, primary key (tenant_id, id))
          partition by list (tenant_id);
        create table tests.one partition of tests.chunks for values in (''acme'')',
      'the foreign key f of tests.chunks names a row of tests.documents without its tenant: '
        'alter table tests.chunks drop constraint f; alter table tests.chunks add constraint f '
        'foreign key (tenant_id, id) references tests.documents (tenant_id, id) ON DELETE CASCADE'),
    ('a policy of a partition', 'drop table tests.chunks;
        create table tests.chunks (tenant_id text, id integer, primary key (tenant_id, id)) partition by list (tenant_id);
        create table tests.one partition of tests.chunks for values in (''acme'');
        create policy select_own_tenant on tests.one using (true)',
      'the permissive policy select_own_tenant of tests.one lets more rows through: drop policy select_own_tenant on tests.one'),
    ('all of what is there', 'alter table tests.chunks drop constraint chunks_pkey, add constraint p primary key (id);
        create rule r as on delete to tests.chunks do instead nothing',
      'the key p is unique across tenants, so that errors tell what other tenants have: '
        'alter table tests.chunks drop constraint p, add constraint p PRIMARY KEY (tenant_id, id); and '
        'the rule r of tests.chunks rewrites statements: drop rule r on tests.chunks')
) as r (label, setup, refusal);

select is(tests.protect(setup, false), answer, label)
from (
  values
    ('RW502 the table tests.chunks cannot be protected until this is corrected:' || E'\n- '
      'rows without a tenant id, or with an ill-formed one: 3. Correct or delete them: '
      'select tableoid::regclass, ctid from tests.chunks where ragwall.is_tenant_id(tenant_id::text) is not true',
      'rows whose tenant is null, empty or ill-formed are counted',
      'alter table tests.chunks drop constraint chunks_pkey, alter column tenant_id drop not null;
        create index on tests.chunks (tenant_id); insert into tests.chunks (tenant_id, id) values (null, 1), ('''', 2), (''a b'', 3), (''acme'', 4)'),
    ('protected', 'rows with a well-formed tenant are accepted',
      'alter table tests.chunks drop constraint chunks_pkey, alter column tenant_id drop not null;
        create index on tests.chunks (tenant_id); insert into tests.chunks (tenant_id, id) values (''acme'', 4)'),
    ('protected', 'a uuid as tenant is accepted', 'alter table tests.chunks drop constraint chunks_tenant_id_document_id_fkey,
        alter column tenant_id type uuid using tenant_id::uuid'),
    ('protected', 'a bigint as tenant is accepted', 'alter table tests.chunks drop constraint chunks_tenant_id_document_id_fkey,
        alter column tenant_id type bigint using tenant_id::bigint'),
    ('protected', 'an exclusion of equal tenants is accepted',
      'alter table tests.chunks add constraint x exclude using hash (tenant_id with =)'),
    ('protected', 'a foreign key to the table of tenants is accepted', 'create table tests.tenants (id text primary key);
        alter table tests.chunks add foreign key (tenant_id) references tests.tenants;
        select ragwall.protect_table(''tests.tenants'', ''id'')'),
    ('protected', 'a foreign key to a table without tenants is accepted',
      'alter table tests.chunks add language integer references tests.languages'),
    ('protected', 'a foreign key to ragwall.documents with the tenant is accepted', 'alter table tests.chunks add uuid uuid, add foreign key (tenant_id, uuid) references ragwall.documents'),
    ('protected', 'a foreign key from a protected table whose tenant column has another name is accepted',
      'create table tests.notes (owner text, chunk integer, foreign key (owner, chunk) references tests.chunks (tenant_id, id));
        create index on tests.notes (owner);
        select ragwall.protect_table(''tests.notes'', ''owner'')'),
    ('protected', 'a unique key with the tenant is accepted', 'alter table tests.chunks add unique (tenant_id, content)'),
    ('protected', 'a unique index of one tenant is accepted',
      'create unique index on tests.chunks (id) where id > 0 and tenant_id = ''o''''brien (a)'''),
    ('protected', 'an exclusion constraint with the tenant is accepted', 'alter table tests.chunks add exclude using btree (tenant_id with =, content with =)'),
    ('protected', 'a vector index of one tenant is accepted',
      'create index on tests.chunks using hnsw (embedding public.vector_l2_ops) where tenant_id = ''acme'''),
    ('protected', 'a vector index on a partition of one tenant is accepted',
      'drop table tests.chunks;
        create table tests.chunks (tenant_id varchar, id integer, embedding public.vector(3), primary key (tenant_id, id))
          partition by list (tenant_id);
        create table tests.one partition of tests.chunks for values in (''acme'');
        create index i on tests.chunks using hnsw (embedding public.vector_l2_ops)'),
    ('protected', 'a restrictive policy is accepted', 'create policy p on tests.chunks as restrictive using (id > 0)'),
    ('protected', 'a view with security_invoker is accepted',
      'create view tests.v with (security_invoker) as select * from tests.chunks; grant select on tests.v to app_user'),
    ('protected', 'a view whose owner is bound by policies is accepted',
      'create view tests.v as select * from tests.chunks; alter view tests.v owner to ragwall_owner; grant select on tests.v to app_user'),
    ('protected', 'views without grants are accepted',
      'create view tests.v as select * from tests.chunks; create materialized view tests.m as select * from tests.chunks'),
    ('protected', 'an unlogged table is accepted', 'alter table tests.chunks set unlogged'),
    ('RW502 the table tests.chunks cannot be protected until this is corrected:' || E'\n- '
      'ragwall_owner can log in, bypasses row-level security, or has a member that is the application: '
      'alter role ragwall_owner nologin nosuperuser nobypassrls, and revoke it from its members',
      'ragwall_owner with a member that is the application is refused', 'grant ragwall_owner to api'),
    ('protected', 'ragwall_owner with a member that only administers application roles is accepted', 'grant ragwall_owner to dba;
      do $do$ begin
        if current_setting(''server_version_num'')::integer >= 160000 then
          execute ''grant app_user to dba with admin true, inherit false, set false'';
        end if;
      end $do$'),
    ('protected, but statistics that were gathered before are still there', 'its owner can protect a table as a member of ragwall_owner',
      'grant ragwall_owner to dba; alter table tests.chunks owner to dba; grant create on schema tests to ragwall_owner;
        set local role dba'),
    ('42501 permission denied for function protect_table', 'app_user may not execute protect_table()', 'set local role app_user'),
    ('RW502 the table tests.chunks cannot be protected until this is corrected:' || E'\n- '
      'ragwall_owner may not own tables in the schema tests: grant create on schema tests to ragwall_owner',
      'who may not let ragwall_owner into the schema is told what to grant', 'grant ragwall_owner to dba;
        alter table tests.chunks owner to dba; set local role dba'),
    ('protected, but statistics that were gathered before are still there', 'an owner of the schema can protect a table as a member of ragwall_owner',
      'grant ragwall_owner to dba; alter table tests.chunks owner to dba; alter schema tests owner to dba; set local role dba'),
    ('42501 must be owner of table chunks', 'a member of ragwall_owner that does not own the table may not protect it', 'grant ragwall_owner to dba;
        grant create on schema tests to ragwall_owner; grant all on tests.chunks to dba; set local role dba'),
    ('protected, but no index of tests.chunks begins with the tenant, so that statements read the rows of all tenants', 'a missing index on the tenant is reported',
      'alter table tests.chunks drop constraint chunks_pkey'),
    ('protected, but the index tests.i does not begin with the tenant, so that explain counts rows of other tenants in it',
      'an index that does not begin with the tenant is reported', 'create index i on tests.chunks (content)'),
    ('protected, but the key u does not begin with the tenant, so that explain counts rows of other tenants in it',
      'a key that does not begin with the tenant is reported', 'alter table tests.chunks add constraint u unique (id, tenant_id)'),
    ('protected, but the index tests.i does not begin with the tenant, so that explain counts rows of other tenants in it',
      'a hash index that does not begin with the tenant is reported', 'create index i on tests.chunks using hash (content)'),
    ('protected', 'a hash index on the tenant is accepted', 'create index i on tests.chunks using hash (tenant_id)'),
    ('protected', 'a gin index is accepted', 'create index i on tests.chunks using gin (to_tsvector(''simple'', content))'),
    ('protected, but the sequence tests.s numbers the rows of all tenants, so that gaps tell how many others add',
      'a sequence is reported', 'create sequence tests.s; alter table tests.chunks alter id set default nextval(''tests.s'')'),
    ('protected, but the trigger t of tests.chunks runs tests.f() with the rights of its owner', 'a security definer trigger is reported',
      'create function tests.f() returns trigger language plpgsql security definer as ''begin return new; end'';
        create trigger t before insert on tests.chunks for each row execute function tests.f()'),
    ('protected, but the trigger t of tests.chunks runs tests.f() with every row that is written, also with one that is refused then',
      'a security invoker trigger is reported',
      'create function tests.f() returns trigger language plpgsql as ''begin return new; end'';
        create trigger t before insert on tests.chunks for each row execute function tests.f()'),
    ('protected, but the publication "a p" sends the rows of all tenants to its subscribers', 'a publication of the table is reported', 'create publication "a p" for table tests.chunks'),
    ('protected', 'a publication of other tables is accepted',
      'create schema other; create table other.chunks (); create publication p for table tests.documents, other.chunks'),
    ('protected, but a partition that is added later has no walls until protect_table() is called again',
      'a partitioned table is reported if the event trigger is disabled',
      'alter event trigger ragwall_close_partitions disable; drop table tests.chunks;
        create table tests.chunks (tenant_id text, id integer, primary key (tenant_id, id)) partition by hash (tenant_id)'),
    ('RW501 the table tests.chunks cannot be protected: it has no column tenant_id: pass the name of its tenant column',
      'a table without tenants is refused', 'alter table tests.chunks rename tenant_id to owner'),
    ('RW501 the table tests.chunks cannot be protected: it is not a permanent table', 'a view is refused',
      'drop table tests.chunks; create view tests.chunks as select tenant_id from tests.documents'),
    ('RW501 the table tests.chunks cannot be protected: it inherits, or is inherited from: use partitions or separate tables instead',
      'a table that others inherit from is refused', 'create table tests.heir () inherits (tests.chunks)')
) as r (answer, label, setup);

drop event trigger ragwall_close_partitions;
drop table tests.chunks;
create table tests.chunks (tenant_id text, id integer, primary key (tenant_id, id)) partition by hash (tenant_id);
do $$ begin execute (select remedy from ragwall.protection_findings('tests.chunks', 'tenant_id', false)); end $$;
select is(tests.protect('', false), 'protected', 'the remedy of a superuser creates the event trigger');

select is(tests.protect(setup, false, format('ragwall.protect_table(%s)', call)), answer, label)
from (
  values
    ('''ragwall.documents''', 'RW501 the table ragwall.documents cannot be protected: it belongs to Ragwall or to Postgres', 'ragwall.documents is refused', ''),
    ('null', 'RW501 the table <NULL> cannot be protected: it does not exist', 'null is refused', ''),
    ('''pg_temp.chunks''', 'RW501 the table chunks cannot be protected: it is not a permanent table', 'a temporary table is refused',
      'create temporary table chunks (tenant_id text)'),
    ('''tests.leaf''', 'RW501 the table tests.leaf cannot be protected: it is a partition of tests.root: protect that', 'a partition is refused',
      'create table tests.root (tenant_id text) partition by list (tenant_id);
        create table tests.leaf partition of tests.root for values in (''acme'')'),
    ('''tests.chunks'', keep_statistics => true', 'protected', 'statistics can be kept',
      'create statistics tests.s on tenant_id, id from tests.chunks'),
    ('''tests.chunks'', ''content''', 'RW502 the table tests.chunks cannot be protected until this is corrected:' || E'\n- '
      'the key p is unique across tenants, so that errors tell what other tenants have: '
      'alter table tests.chunks drop constraint p, add constraint p PRIMARY KEY (content, id)',
      'the tenant is the column that was named', 'drop table tests.chunks; create table tests.chunks (tenant_id text, id integer,
        content text, constraint p primary key (id))')
) as r (call, answer, label, setup);
select * from finish();
rollback;
